import { Matcher, regexOf } from "./parsedQuery";

/** Prometheus' own metrics, with a series for each active alert. */
export const ALERT_METRICS: readonly string[] = ["ALERTS", "ALERTS_FOR_STATE"];
/** Labels that an alert has from the series of its expression. */
const OF_SERIES = new Set(["job", "instance", "name"]);

/** A rule as Prometheus lists it. */
export interface Rule {
  readonly type: "alerting" | "recording";
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** Whether an alert of a rule may have a label as the matcher wants it. */
export function mayHave({ name: alert, labels = {} }: Rule, { name, type, value }: Matcher): boolean {
  const own: Readonly<Record<string, readonly string[]>> = {
    ...Object.fromEntries(Object.entries(labels).map(([label, text]) => [label, [text]])),
    __name__: ALERT_METRICS,
    alertname: [alert],
    alertstate: ["pending", "firing"],
  };
  const matches = (text: string): boolean =>
    type.endsWith("~") ? (regexOf(value)?.test(text) ?? !type.startsWith("!")) : text === value;
  const isWanted = (text: string): boolean => matches(text) !== type.startsWith("!");
  const values = own[name];
  if (values === undefined) {
    return OF_SERIES.has(name) || isWanted(""); // a label that is absent is empty
  }
  return values.some((text) => text.includes("{{") || isWanted(text));
}
