import { Matcher, regexOf, written } from "./parsedQuery";

const NEGATIVE = new Set(["!=", "!~"]);
/** HTTP statuses as values of labels: codes, or their classes. */
const CLASSES = ["1xx", "2xx", "3xx", "4xx", "5xx"];
const STATUSES = [...Array.from({ length: 500 }, (_, index) => String(100 + index)), ...CLASSES];
const STATUS = "[1-5](\\d\\d|xx)";

/**
 * Why a selector rightly finds nothing although its metric has series: a negative matcher excludes the values of all of
 * them, or a matcher selects HTTP errors and all have other statuses. A misspelled label or value is not explained.
 *
 * @param has Whether there are series with these matchers.
 */
export async function explainValues(
  matchers: readonly Matcher[],
  has: (matchers: readonly Matcher[]) => Promise<boolean>,
): Promise<string | undefined> {
  const errors = matchers.filter(selectsErrors);
  const decisive = [...errors, ...matchers.filter(({ name, type }) => name !== "__name__" && NEGATIVE.has(type))];
  const others = matchers.filter((it) => !decisive.includes(it));
  if (decisive.length === 0 || others.length === 0) {
    return undefined;
  }
  const labelled = [...others, ...decisive.map(({ name }) => ({ name, type: "!=", value: "" }))];
  const strange = errors.map(({ name }) => has([...labelled, { name, type: "!~", value: STATUS }]));
  if (!(await has(labelled)) || (await Promise.all(strange)).includes(true)) {
    return undefined;
  }
  const conditions = written(decisive).slice(1, -1);
  return `no series of ${written(others)} has ${conditions}`;
}

/** Whether a matcher selects HTTP statuses, and only those of errors. */
function selectsErrors({ type, value }: Matcher): boolean {
  const expression = regexOf(value);
  const selected = STATUSES.filter((it) =>
    type === "=" ? it === value : type === "=~" && expression?.test(it) === true,
  );
  return selected.length > 0 && selected.every((it) => /^[45]/.test(it));
}
