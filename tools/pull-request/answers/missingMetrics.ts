import { explainMetric, isHostMetric } from "../../verify/panels/nodeExporter";
import { Matcher, metricOf, ParsedQuery, readTree, Selector, written } from "../../verify/panels/parsedQuery";
import { Sample } from "../../verify/lab";
import { PrometheusApi } from "./prometheusApi";
import { loadedRecordings, Recording } from "./recordings";

/** Why an alert has nothing to evaluate. */
export interface Missing {
  /** Whether it cannot fire in this lab: a metric that it needs is not there, and nothing that is there explains that. */
  readonly never: boolean;
  /** The metrics, or the selectors of metrics that are there, without a series. */
  readonly selectors: readonly string[];
  /** What is known of that. */
  readonly reason?: string;
}

/** How far back, in seconds, a series counts as there. */
const HISTORY = 3600;
/** What the parts of a histogram, a summary or a counter are named beyond it. */
const PARTS = /_(bucket|count|sum|total|created|info)$/;

/** Asks Prometheus which metrics a query needs and does not find. */
export class MissingMetrics {
  private readonly known = new Map<string, Promise<boolean>>();
  private collectors?: Promise<ReadonlyMap<string, boolean>>;
  private recordings?: Promise<readonly Recording[]>;

  constructor(
    private readonly api: PrometheusApi,
    /** Seconds since the epoch. */
    private readonly now: number,
  ) {}

  /** What an expression without a result lacks; undefined where all that it needs is there. */
  async explain(expr: string): Promise<Missing | undefined> {
    return this.explainQuery(readTree(await this.api("parse_query", { query: expr })));
  }

  /** Each selector must find something, and of each `or` a side. */
  private async explainQuery(query: ParsedQuery): Promise<Missing | undefined> {
    const selectors = await Promise.all(query.selectors.map((selector) => this.explainSelector(selector)));
    const sides = await Promise.all(
      query.either.map(async (either) => {
        const found = await Promise.all(either.map((side) => this.explainQuery(side)));
        const missing = found.filter((it) => it !== undefined);
        return missing.length < found.length
          ? undefined
          : merge(
              missing,
              missing.every(({ never }) => never),
            );
      }),
    );
    const missing = [...selectors, ...sides].filter((it) => it !== undefined);
    const decisive = missing.filter(({ never }) => never);
    return decisive.length > 0 ? merge(decisive, true) : merge(missing, false);
  }

  private async explainSelector({ matchers }: Selector): Promise<Missing | undefined> {
    if (await this.exists(matchers)) {
      return undefined;
    }
    const named = matchers.filter(({ name }) => name === "__name__");
    if (named.length === 0 || (named.length < matchers.length && (await this.exists(named)))) {
      return { never: false, selectors: [written(matchers)] };
    }
    const metric = metricOf(matchers);
    const selectors = [written(named)];
    if (isHostMetric(metric)) {
      const explained = explainMetric(metric, await this.findCollectors());
      return "error" in explained
        ? { never: true, selectors, reason: explained.error }
        : { never: false, selectors, reason: explained.reason };
    }
    // a metric that a target describes or a rule records can get its first series when something happens
    return { never: !((await this.isDescribed(metric)) || (await this.isRecorded(metric))), selectors };
  }

  private exists(matchers: readonly Matcher[]): Promise<boolean> {
    const selector = selectorOf(matchers);
    const parameters = { "match[]": selector, start: String(this.now - HISTORY), end: String(this.now), limit: "1" };
    return this.once(selector, () =>
      this.api<readonly unknown[]>("series", parameters).then(({ length }) => length > 0),
    );
  }

  private isDescribed(metric: string): Promise<boolean> {
    return this.once(`metadata of ${metric}`, async () => {
      const names = [...new Set([metric, metric.replace(PARTS, "")])].filter((name) => name !== "");
      const found = await Promise.all(names.map((name) => this.api<object>("metadata", { metric: name, limit: "1" })));
      return found.some((metadata) => Object.keys(metadata).length > 0);
    });
  }

  private async isRecorded(metric: string): Promise<boolean> {
    this.recordings ??= loadedRecordings(this.api);
    return (await this.recordings).some(({ record }) => record === metric);
  }

  private findCollectors(): Promise<ReadonlyMap<string, boolean>> {
    this.collectors ??= this.api<{ result: readonly Sample[] }>("query", {
      query: "node_scrape_collector_success",
      time: String(this.now),
    }).then(({ result }) => new Map(result.map(({ metric, value }) => [metric.collector ?? "", value[1] === "1"])));
    return this.collectors;
  }

  private once(question: string, ask: () => Promise<boolean>): Promise<boolean> {
    const answer = this.known.get(question) ?? ask();
    this.known.set(question, answer);
    return answer;
  }
}

/** A selector in PromQL, with any names; those of older releases without quotes, which these do not know. */
function selectorOf(matchers: readonly Matcher[]): string {
  const quote = (name: string): string => (/^\w+$/.test(name) ? name : JSON.stringify(name));
  return `{${matchers.map(({ name, type, value }) => `${quote(name)}${type}${JSON.stringify(value)}`).join(",")}}`;
}

function merge(all: readonly Missing[], never: boolean): Missing | undefined {
  if (all.length === 0) {
    return undefined;
  }
  const reasons = [...new Set(all.flatMap(({ reason }) => reason ?? []))];
  return {
    never,
    selectors: [...new Set(all.flatMap(({ selectors }) => selectors))],
    ...(reasons.length === 0 ? {} : { reason: reasons.join("; ") }),
  };
}
