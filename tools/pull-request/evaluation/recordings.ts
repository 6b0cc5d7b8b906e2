import { objectsWithin } from "../../../lib/shared/isObject";
import { Matcher, regexOf } from "../../verify/panels/parsedQuery";
import { PrometheusApi, QueryError } from "./prometheusApi";
import { changedRecordings, RecordingRule, Rules } from "./rules";

/** Recorded metrics whose series the change alters, with the reason as text. */
export type ChangedRecordings = ReadonlyMap<string, string>;

export type Recording = Pick<RecordingRule, "record" | "expr">;

/** The rules that Prometheus has loaded. */
interface LoadedRules {
  readonly groups: readonly { readonly rules: readonly { readonly name: string; readonly query: string }[] }[];
}

const CHANGES = {
  new: "is first recorded by this change",
  changed: "is recorded differently after this change",
  removed: "is no longer recorded after this change",
} as const;

/** The recording rules that a change adds, changes or removes, and those of any file that depend on them. */
export async function findChangedRecordings(
  api: PrometheusApi,
  before: Rules,
  after: Rules,
): Promise<ChangedRecordings> {
  const found = new Map([...changedRecordings(before, after)].map(([name, how]) => [name, `${name} ${CHANGES[how]}`]));
  if (found.size === 0) {
    return found;
  }
  const loaded = await loadedRecordings(api);
  const own = new Set(after.recordings.map(({ record }) => record));
  const all = [...after.recordings, ...loaded.filter(({ record }) => !own.has(record))];
  let size;
  do {
    size = found.size;
    for (const { record, expr } of all.filter((rule) => !found.has(rule.record))) {
      const reason = await findDependency(api, expr, found);
      if (reason !== undefined) {
        found.set(record, `${record} is recorded from others; ${reason}`);
      }
    }
  } while (found.size > size);
  return found;
}

/** The recording rules of the running lab. */
export async function loadedRecordings(api: PrometheusApi): Promise<readonly Recording[]> {
  const { groups } = await api<LoadedRules>("rules", { type: "record" });
  return groups.flatMap(({ rules }) => rules.map(({ name, query }) => ({ record: name, expr: query })));
}

/** Reason of the first changed recording that an expression depends on; undefined if there is none. */
export async function findDependency(
  api: PrometheusApi,
  expr: string,
  recordings: ChangedRecordings,
): Promise<string | undefined> {
  if (recordings.size === 0) {
    return undefined;
  }
  const names = await namesIn(api, expr);
  return [...recordings].find(([record]) => names.some((matcher) => matches(matcher, record)))?.[1];
}

/** Matchers of the metric name in all selectors of an expression. */
async function namesIn(api: PrometheusApi, expr: string): Promise<readonly Matcher[]> {
  try {
    const tree = await api<unknown>("parse_query", { query: expr });
    const matchers = objectsWithin(tree).flatMap((node) => (node.matchers ?? []) as readonly Matcher[]);
    return matchers.filter(({ name }) => name === "__name__");
  } catch (error) {
    if (error instanceof QueryError) {
      return []; // the evaluation of the expression reports the error
    }
    throw error;
  }
}

function matches({ type, value }: Matcher, record: string): boolean {
  return type === "=~" ? regexOf(value)?.test(record) === true : type === "=" && value === record;
}
