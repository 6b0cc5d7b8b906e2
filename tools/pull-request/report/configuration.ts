import { RULES } from "../../../lib/shared/alertRules";
import { Change } from "./changes";
import { isObject } from "../../../lib/shared/isObject";
import { findDifferences, matchByName, nameEach, objectsIn, Pair, readYaml } from "./differences";
import { Properties } from "./events";
import { code, describeDifferences, formatChange, list, TextPair } from "./format";
import { itemRows, operationOf, Row } from "./rows";

type Named = Readonly<Record<string, unknown>>;

/** The files of a configuration, before and after; none if all are one secret. */
export function filesOf({ before, after }: Pick<Change, "before" | "after">): readonly TextPair[] {
  // otherwise every file of the readable side would look added or removed
  if ([before.triggers, after.triggers].some((triggers) => triggers !== undefined && !Array.isArray(triggers))) {
    return [];
  }
  return matchByName(readFiles(before), readFiles(after));
}

function readFiles({ triggers }: Properties): ReadonlyMap<string, string> {
  // the Pulumi engine shows a secret as an object
  return new Map(
    objectsIn(triggers).map(({ file, content }) => [String(file), typeof content === "string" ? content : "[secret]"]),
  );
}

/** Changed files as scrape jobs and alerts rather than lines. */
export function configurationRows(files: readonly TextPair[]): readonly Row[] {
  return files.flatMap(({ name, before, after }) => {
    const [old, now] = [readYaml(before), readYaml(after)];
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
  const pairsOf = (field: string, key: string): readonly Pair<Named>[] =>
    matchByName(byName(objectsIn(before[field]), key), byName(objectsIn(after[field]), key));
  return [
    ...settings.map(({ path, before: old, after: now }) => ({
      operation: operationOf(old, now),
      kind: "setting of Prometheus",
      name: path,
      detail: formatChange(old, now),
    })),
    ...itemRows(
      "scrape job",
      pairsOf("scrape_configs", "job_name"),
      describeDifferences,
      (job) => `targets ${list(targetsOf(job).map(code))}`,
    ),
    ...itemRows("receiver of remote write", pairsOf("remote_write", "url"), describeDifferences, () => ""),
  ];
}

function alertRows(before: Named, after: Named): Row[] {
  const pairs = matchByName(byName(rulesOf(before), "alert"), byName(rulesOf(after), "alert"));
  return itemRows("alert", pairs, describeDifferences, ({ expr }) => code(expr));
}

function globalOf({ global }: Named): Named {
  return isObject(global) ? global : {};
}

function rulesOf(content: Named): Named[] {
  return objectsIn(content.groups).flatMap(({ rules }) => objectsIn(rules));
}

function targetsOf(job: Named): string[] {
  return objectsIn(job.static_configs).flatMap(({ targets }) => (Array.isArray(targets) ? targets.map(String) : []));
}

function byName(items: readonly Named[], key: string): ReadonlyMap<string, Named> {
  const named = items.filter((item) => typeof item[key] === "string");
  return nameEach(named, (item) => String(item[key]));
}
