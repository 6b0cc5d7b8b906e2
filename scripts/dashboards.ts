// Writes every dashboard as the lab passes it to Grafana, one file each, with sorted keys for diffs.
// usage: dashboards.ts FOLDER TRACKED [OWN]      settings files; later ones override earlier ones
import { mkdirSync, writeFileSync } from "node:fs";
import { ownDashboards } from "../dashboards";
import { readCatalogue } from "../dashboards/community/catalogue";
import { importDashboard } from "../dashboards/community/import";
import { describeNewUid } from "../dashboards/community/uid";
import { DATASOURCE_UID } from "../lib/drift/grafana";
import { readStackFiles } from "../lib/settings/stackFiles";
import { childPath } from "../lib/shared/foreignNames";
import { isObject } from "../lib/shared/isObject";
import { throwProblems } from "../lib/shared/problems";
import { runMain } from "../lib/shared/run";

/** For JSON.stringify: a value with its own keys in alphabetical order. */
function sorted(_: string, value: unknown): unknown {
  return isObject(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value;
}

async function main(): Promise<void> {
  const [folder = "", ...files] = process.argv.slice(2);
  const { settings, problems } = readStackFiles(files);
  throwProblems(problems);
  // written for any Grafana version
  const { entries, problems: missing } = await readCatalogue(settings, () => Promise.resolve("unknown"));
  throwProblems(missing);
  for (const message of entries.map(describeNewUid).filter((it) => it !== undefined)) {
    console.error(message);
  }
  const models = [
    ...entries.map((entry) => importDashboard(entry, DATASOURCE_UID)),
    ...ownDashboards(settings).map(({ model }) => model),
  ];
  mkdirSync(folder, { recursive: true });
  for (const model of models) {
    const text = `${JSON.stringify(model, sorted, 2)}\n`;
    // does not write through an existing file or link
    writeFileSync(childPath(folder, `${String(model.uid)}.json`), text, { flag: "wx" });
  }
}

runMain(main);
