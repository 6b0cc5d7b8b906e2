import { isDeepStrictEqual } from "node:util";
import { parse } from "yaml";
import { attempt, parseJson } from "../../../lib/shared/attempt";
import { isObject } from "../../../lib/shared/isObject";

/** A difference between two values. */
export interface Difference {
  /** Such as `ports[0].external`. */
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
}

/** An item before and after; undefined on a side without it. */
export interface Pair<T> {
  readonly name: string;
  readonly before: T | undefined;
  readonly after: T | undefined;
}

/** Members that only the Pulumi engine reads; others may begin with underscores, too, as Prometheus' labels. */
const ENGINE = /^__(defaults|internal|meta)$/;

/** The differences of two values, as deep as both have the same structure. */
export function findDifferences(before: unknown, after: unknown, path = ""): readonly Difference[] {
  if (isDeepStrictEqual(before, after)) {
    return [];
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    return differencesOfLists(before, after, path);
  }
  const [old, now] = [jsonIn(before), jsonIn(after)];
  if (old !== undefined && now !== undefined) {
    return findDifferences(old, now, path);
  }
  if (isObject(before) && isObject(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => !ENGINE.test(key))
      .flatMap((key) => findDifferences(own(before, key), own(after, key), path === "" ? key : `${path}.${key}`));
  }
  return [{ path, before, after }];
}

/** The object or list in a JSON text. */
function jsonIn(value: unknown): unknown {
  return typeof value === "string" && /^[[{]/.test(value) ? parseJson(value) : undefined;
}

/** Lists of texts are compared by added and removed items, other lists by index. */
function differencesOfLists(before: readonly unknown[], after: readonly unknown[], path: string): Difference[] {
  if ([...before, ...after].every((item) => typeof item === "string")) {
    const [gone, added] = [missingFrom(after, before), missingFrom(before, after)];
    const pairs = Array.from({ length: Math.max(gone.length, added.length) }, (_, index) => index);
    return pairs.length === 0
      ? [{ path: `${path} (order)`, before, after }]
      : pairs.map((index) => ({ path, before: gone[index], after: added[index] }));
  }
  return Array.from({ length: Math.max(before.length, after.length) }).flatMap((_, index) => [
    ...findDifferences(before[index], after[index], `${path}[${String(index)}]`),
  ]);
}

/** Texts that a list lacks, or has less often. */
function missingFrom(list: readonly unknown[], texts: readonly unknown[]): unknown[] {
  const left = [...list];
  return texts.filter((text) => {
    const at = left.indexOf(text);
    if (at >= 0) {
      left.splice(at, 1);
    }
    return at < 0;
  });
}

/** An own member, not an inherited one. */
function own(value: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

/** The objects in a list; none in any other value. */
export function objectsIn(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The content of a YAML file, empty for a missing one; undefined if it is secret or not YAML. */
export function readYaml(text = ""): Readonly<Record<string, unknown>> | undefined {
  const content = attempt((): unknown => parse(text, { merge: true }) ?? {});
  return isObject(content) ? content : undefined;
}

/** An object without some of its members. */
export function without(value: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key)));
}

/** Items by name; repeated names are numbered, as in `Up 2`. */
export function nameEach<T>(items: readonly T[], nameOf: (item: T) => string): ReadonlyMap<string, T> {
  const named = new Map<string, T>();
  for (const item of items) {
    let [name, number] = [nameOf(item), 1];
    while (named.has(name)) {
      name = `${nameOf(item)} ${String(++number)}`;
    }
    named.set(name, item);
  }
  return named;
}

/**
 * Items before and after by name. Of several with one name those have the same number that are alike by the first of
 * these, else by the next one: one more before them makes no others of them.
 */
export function nameAlike<T>(
  before: readonly T[],
  after: readonly T[],
  nameOf: (item: T) => string,
  alike: readonly ((one: T, other: T) => boolean)[],
): [ReadonlyMap<string, T>, ReadonlyMap<string, T>] {
  const now = nameEach(after, nameOf);
  const free = new Map(now);
  const names = new Map<T, string>();
  for (const fit of alike) {
    for (const item of before.filter((it) => !names.has(it))) {
      const [name] = [...free].find(([, it]) => nameOf(it) === nameOf(item) && fit(item, it)) ?? [];
      if (name !== undefined) {
        names.set(item, name);
        free.delete(name);
      }
    }
  }
  const gone = before.filter((it) => !names.has(it));
  nameEach([...now.values(), ...gone], nameOf).forEach((item, name) => {
    if (gone.includes(item)) {
      names.set(item, name);
    }
  });
  return [new Map(before.map((item) => [names.get(item) ?? nameOf(item), item])), now];
}

/** Pairs two lists of named items: removed, kept and changed, then added ones. */
export function matchByName<T>(before: ReadonlyMap<string, T>, after: ReadonlyMap<string, T>): readonly Pair<T>[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, before: before.get(name), after: after.get(name) }))
    .filter((pair) => !isDeepStrictEqual(pair.before, pair.after));
}
