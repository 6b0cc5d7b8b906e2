import { parse } from "yaml";
import { Change } from "./changes";
import { findDifferences, isObject, matchByName, nameEach } from "./differences";
import { Properties } from "./events";
import { code, describeDifference, formatChange, list, TextPair } from "./format";
import { operationOf, Row } from "./rows";

type Named = Readonly<Record<string, unknown>>;

const RULES = ".rules.yml";

/** The files of a configuration, before and after; none if all are one secret. */
export function filesOf({ before, after }: Pick<Change, "before" | "after">): readonly TextPair[] {
  // otherwise every file of the readable side would look added or removed
  if ([before.triggers, after.triggers].some((triggers) => triggers !== undefined && !Array.isArray(triggers))) {
    return [];
  }
  return matchByName(readFiles(before), readFiles(after));
}

function readFiles({ triggers }: Properties): ReadonlyMap<string, string> {
  const files = Array.isArray(triggers) ? (triggers as unknown[]).filter(isObject) : [];
  // the Pulumi engine shows a secret as an object
  return new Map(files.map(({ file, content }) => [String(file), typeof content === "string" ? content : "[secret]"]));
}

/** Changed files as scrape jobs and alerts rather than lines. */
export function configurationRows(files: readonly TextPair[]): readonly Row[] {
  return files.flatMap(({ name, before, after }) => {
    const [old, now] = [read(before), read(after)];
    if (old === undefined || now === undefined) {
      return []; // otherwise every entry of the readable one would look added or removed
    }
    if (name === "prometheus.yml") {
      return prometheusRows(old, now);
    }
    return name.endsWith(RULES) ? alertRows(old, now) : [];
  });
}

function prometheusRows(before: Named, after: Named): Row[] {
  const settings = findDifferences(globalOf(before), globalOf(after));
  const jobs = matchByName(
    byName(listOf(before.scrape_configs), "job_name"),
    byName(listOf(after.scrape_configs), "job_name"),
  );
  const receivers = matchByName(byName(listOf(before.remote_write), "url"), byName(listOf(after.remote_write), "url"));
  return [
    ...settings.map(({ path, before: old, after: now }) => ({
      operation: operationOf(old, now),
      kind: "setting of Prometheus",
      name: path,
      detail: formatChange(old, now),
    })),
    ...jobs.map(({ name, before: old, after: now }) => ({
      operation: operationOf(old, now),
      kind: "scrape job",
      name,
      detail:
        old !== undefined && now !== undefined
          ? detailOf(old, now)
          : `targets ${list(targetsOf(now ?? old ?? {}).map(code))}`,
    })),
    ...receivers.map(({ name, before: old, after: now }) => ({
      operation: operationOf(old, now),
      kind: "receiver of remote write",
      name,
      detail: old !== undefined && now !== undefined ? detailOf(old, now) : "",
    })),
  ];
}

function alertRows(before: Named, after: Named): Row[] {
  return matchByName(byName(rulesOf(before), "alert"), byName(rulesOf(after), "alert")).map(
    ({ name, before: old, after: now }) => ({
      operation: operationOf(old, now),
      kind: "alert",
      name,
      detail: old !== undefined && now !== undefined ? detailOf(old, now) : code((now ?? old)?.expr),
    }),
  );
}

function detailOf(before: Named, after: Named): string {
  const differences = findDifferences(before, after).map((difference) => describeDifference(difference));
  return list(differences, 3);
}

function globalOf({ global }: Named): Named {
  return isObject(global) ? global : {};
}

function rulesOf(content: Named): Named[] {
  return listOf(content.groups).flatMap(({ rules }) => listOf(rules));
}

function targetsOf(job: Named): string[] {
  return listOf(job.static_configs).flatMap(({ targets }) => (Array.isArray(targets) ? targets.map(String) : []));
}

function byName(items: readonly Named[], key: string): ReadonlyMap<string, Named> {
  const named = items.filter((item) => typeof item[key] === "string");
  return nameEach(named, (item) => String(item[key]));
}

function listOf(value: unknown): Named[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The content of a YAML file, empty for a missing one; undefined if it is secret or not YAML. */
function read(text = ""): Named | undefined {
  try {
    const content: unknown = parse(text) ?? {};
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}
