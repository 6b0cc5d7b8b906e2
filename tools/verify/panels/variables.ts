import { parseJson } from "../../../lib/shared/attempt";
import { seconds } from "../../../lib/shared/duration";
import { isObject } from "../../../lib/shared/isObject";
import { interpolate } from "./interpolate";
import { Value, Values, Variable } from "./model";
import { stepOf, TimeRange } from "./range";

/** An option of a variable. */
export interface Option {
  readonly text: string;
  readonly value: string;
}

/** Where options come from that are not stored in the variable. */
export interface OptionSource {
  readonly range: TimeRange;
  /** The value to select in each variable that offers it. */
  readonly chosen?: string | undefined;
  /** Datasources of a type, with their uids as values. */
  readonly datasources: (type: string) => readonly Option[];
  /** Results of a datasource for a variable's query. */
  readonly find: (variable: Variable, query: string, values: Values) => Promise<readonly string[]>;
}

const ALL = "$__all";

/** The values of all variables when the dashboard is opened. */
export async function resolveVariables(variables: readonly Variable[], source: OptionSource): Promise<Values> {
  const values = new Map<string, Value>(
    Object.entries({ __from: source.range.from, __to: source.range.to }).map(([name, time]) => [
      name,
      { values: [String(time)], texts: [String(time)], regex: false },
    ]),
  );
  const pending = [...variables];
  while (pending.length > 0) {
    // a variable that refers to others waits for them, whatever their order
    const ready = pending.findIndex(
      (variable) => !pending.some((other) => other !== variable && names(variable, other)),
    );
    const [variable] = pending.splice(Math.max(ready, 0), 1);
    if (variable !== undefined) {
      const options = await optionsOf(variable, values, source);
      const wanted = options.find(({ value }) => value === source.chosen);
      values.set(variable.name, wanted === undefined ? choose(variable, options) : valueOf(variable, [wanted]));
    }
  }
  return values;
}

function names({ query, regex, datasource }: Variable, { name }: Variable): boolean {
  return new RegExp(`\\$\\{?${name}\\b|\\[\\[${name}\\b`).test(JSON.stringify([query, regex, datasource]));
}

async function optionsOf(variable: Variable, values: Values, source: OptionSource): Promise<readonly Option[]> {
  const query = queryOf(variable);
  switch (variable.type) {
    case "query": {
      if (query.trim() === "") {
        return []; // Grafana asks nothing either
      }
      const found = await source.find(variable, interpolate(query, values), values);
      return sorted(
        applyRegex(found.map(option), interpolate(variable.regex ?? "", values, "regex")),
        variable.sort ?? 0,
      );
    }
    case "datasource":
      return source
        .datasources(query)
        .filter(({ text }) => toRegExp(interpolate(variable.regex ?? "", values, "regex")).test(text));
    case "custom":
      return variable.valuesFormat === "json" ? jsonOptions(query) : customOptions(interpolate(query, values, "raw"));
    case "interval":
      return [
        ...(variable.auto === true ? [{ text: "auto", value: autoInterval(variable, source.range) }] : []),
        ...[...query.matchAll(/(["'])(.*?)\1|\w+/g)].map(([word, , quoted]) => option(quoted ?? word)),
      ];
    case "constant":
      return [option(query)];
    default:
      return [option(currentOf(variable)[0] ?? query)];
  }
}

function queryOf({ query }: Variable): string {
  return (typeof query === "object" ? query.query : query) ?? "";
}

function option(text: string): Option {
  return { text, value: text };
}

function currentOf({ current }: Variable): string[] {
  return [current?.value ?? []].flat().map(String);
}

/** Options separated by commas, each a value or `text : value`; a backslash escapes a comma. */
export function customOptions(query: string): Option[] {
  return (query.match(/(?:\\,|[^,])+/g) ?? []).map((part) => {
    const plain = part.replaceAll("\\,", ",").trim();
    const [, text, value] = /^(.+?)\s:\s(.+)$/.exec(plain) ?? [];
    return { text: text ?? plain, value: value ?? plain };
  });
}

/** Options as a JSON list of texts, or of objects with `text` and `value`; Grafana shows none of any other text. */
function jsonOptions(query: string): Option[] {
  const list = parseJson(query);
  return (Array.isArray(list) ? (list as unknown[]) : []).map((it) => {
    const { text, value = text } = (isObject(it) ? it : { text: it }) as { text?: unknown; value?: unknown };
    return { text: String(text ?? value), value: String(value) };
  });
}

function autoInterval({ auto_count: count = 30, auto_min: minimum = "10s" }: Variable, range: TimeRange): string {
  return `${String(Math.round(stepOf(range, count, seconds(minimum) * 1000) / 1000))}s`;
}

/** `/…/flags`, or a plain expression that has to match the whole text. */
function toRegExp(text: string): RegExp {
  const [, body, flags] = /^\/(.*)\/([gimsuy]*)$/s.exec(text) ?? [];
  return body === undefined ? new RegExp(text === "" ? "" : `^${text}$`) : new RegExp(body, flags);
}

/** The options that match the expression, reduced to its capture group. */
export function applyRegex(options: readonly Option[], regex: string): Option[] {
  if (regex === "") {
    return unique(options);
  }
  const expression = toRegExp(regex);
  const every = new RegExp(expression, [...new Set(`${expression.flags}g`)].join(""));
  return unique(
    options.flatMap(({ text, value }) => {
      const matches = expression.global ? [...value.matchAll(every)] : [...value.matchAll(every)].slice(0, 1);
      const groups = matches.find((match) => match.groups !== undefined)?.groups;
      if (groups?.value !== undefined || groups?.text !== undefined) {
        return [{ text: groups.text ?? groups.value ?? "", value: groups.value ?? groups.text ?? "" }];
      }
      return matches.map(([, captured]) => (captured === undefined ? { text, value } : option(captured)));
    }),
  );
}

function unique(options: readonly Option[]): Option[] {
  return [...new Map(options.map((it) => [it.value, it])).values()];
}

/** Grafana's sort order 0 to 8: none, then alphabetical, numerical, case-insensitive and natural, up and down each. */
function sorted(options: Option[], order: number): Option[] {
  if (order === 0) {
    return options;
  }
  const number = ({ text }: Option): number => Number(/\d+/.exec(text)?.[0] ?? -1);
  const compare = [
    (a: Option, b: Option) => (a.text < b.text ? -1 : 1),
    (a: Option, b: Option) => number(a) - number(b),
    (a: Option, b: Option) => (a.text.toLowerCase() < b.text.toLowerCase() ? -1 : 1),
    (a: Option, b: Option) => a.text.localeCompare(b.text, "en", { numeric: true }),
  ][Math.ceil(order / 2) - 1];
  const up = [...options].sort(compare);
  return order % 2 === 1 ? up : up.reverse();
}

/** The stored value if it is still an option, else All if available, else the first option. */
export function choose(variable: Variable, options: readonly Option[]): Value {
  const current = currentOf(variable);
  const kept = options.filter(({ text, value }) => current.includes(value) || current.includes(text));
  const all = variable.includeAll === true && (current.includes(ALL) || kept.length === 0);
  const chosen = all
    ? options
    : variable.multi === true && kept.length > 0
      ? kept
      : [kept[0] ?? options[0] ?? option("")];
  return { ...valueOf(variable, chosen), ...(all && variable.allValue ? { allValue: variable.allValue } : {}) };
}

function valueOf({ multi, includeAll }: Variable, chosen: readonly Option[]): Value {
  return {
    values: chosen.map(({ value }) => value),
    texts: chosen.map(({ text }) => text),
    regex: multi === true || includeAll === true,
  };
}
