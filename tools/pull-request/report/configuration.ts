import { isDeepStrictEqual } from "node:util";
import { RULES } from "../../../lib/shared/alertRules";
import { Change } from "./changes";
import { isObject } from "../../../lib/shared/isObject";
import { findDifferences, matchByName, nameAlike, nameEach, objectsIn, Pair, readYaml, without } from "./differences";
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
  const readable = readBoth(files);
  const rules = readable.filter(({ name }) => name.endsWith(RULES));
  const [old, now] = nameAlerts(
    rules.flatMap(({ before }) => rulesIn(before, "alert")),
    rules.flatMap(({ after }) => rulesIn(after, "alert")),
  );
  return [
    ...readable
      .filter(({ name }) => name === "prometheus.yml")
      .flatMap(({ before, after }) => prometheusRows(before, after)),
    ...itemRows("alert", matchByName(old, now), describeDifferences, ({ expr }) => code(expr)),
  ];
}

/** The files of which both sides are YAML: otherwise every entry of the readable one would look added or removed. */
export function readBoth(files: readonly TextPair[]): readonly { name: string; before: Named; after: Named }[] {
  return files.flatMap(({ name, before, after }) => {
    const [old, now] = [readYaml(before), readYaml(after)];
    return old === undefined || now === undefined ? [] : [{ name, before: old, after: now }];
  });
}

/** The alerts of all files before and after, by name: several with one name mostly differ by a label. */
export function nameAlerts<T extends { readonly alert?: unknown; readonly labels?: unknown }>(
  before: readonly T[],
  after: readonly T[],
): [ReadonlyMap<string, T>, ReadonlyMap<string, T>] {
  return nameAlike(before, after, ({ alert }) => String(alert), [
    isDeepStrictEqual,
    ({ labels: one }, { labels: other }) => isDeepStrictEqual(one, other),
    () => true,
  ]);
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

function globalOf({ global }: Named): Named {
  return isObject(global) ? global : {};
}

/** The rules of one kind in a rule file, each with what its group declares. */
export function rulesIn(content: Named, kind: "alert" | "record"): Named[] {
  return objectsIn(content.groups).flatMap((group) =>
    objectsIn(group.rules)
      .filter((rule) => typeof rule[kind] === "string")
      .map((rule) => ({
        ...rule,
        ...(isObject(group.labels)
          ? { labels: { ...group.labels, ...(isObject(rule.labels) ? rule.labels : {}) } }
          : {}),
        ...without(group, ["name", "rules", "labels"]),
      })),
  );
}

function targetsOf(job: Named): string[] {
  return objectsIn(job.static_configs).flatMap(({ targets }) => (Array.isArray(targets) ? targets.map(String) : []));
}

function byName(items: readonly Named[], key: string): ReadonlyMap<string, Named> {
  const named = items.filter((item) => typeof item[key] === "string");
  return nameEach(named, (item) => String(item[key]));
}
