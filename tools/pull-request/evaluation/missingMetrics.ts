import { explainMetric, isHostMetric } from "../../verify/panels/nodeExporter";
import { Matcher, metricOf, ParsedQuery, readTree, Selector, written } from "../../verify/panels/parsedQuery";
import { Sample } from "../../verify/lab";
import { PrometheusApi } from "./prometheusApi";
import { loadedRecordings, Recording } from "./recordings";

/** Reason for an expression without result. */
export interface Missing {
  /** Whether the alert cannot fire in this lab: a required metric is missing for no known reason. */
  readonly never: boolean;
  /** Missing metrics, and selectors of existing metrics that match no series. */
  readonly selectors: readonly string[];
  readonly reason?: string;
}

/** Age of the last sample up to which a series exists. */
const HISTORY_SECONDS = 3600;
/** Suffixes that the exposition format appends to the name of a metric family. */
const METRIC_SUFFIXES = /_(bucket|count|sum|total|created|info)$/;

/** Finds the metrics that a query needs and Prometheus lacks. */
export class MissingMetrics {
  private readonly cache = new Map<string, Promise<boolean>>();
  private collectors?: Promise<ReadonlyMap<string, boolean>>;
  private recordings?: Promise<readonly Recording[]>;

  constructor(
    private readonly api: PrometheusApi,
    /** Seconds since the epoch. */
    private readonly now: number,
  ) {}

  /** Series that an expression without result lacks; undefined if it lacks none. */
  async explain(expr: string): Promise<Missing | undefined> {
    return this.explainQuery(readTree(await this.api("parse_query", { query: expr })));
  }

  /** Every selector must match series, and one side of every `or`. */
  private async explainQuery(query: ParsedQuery): Promise<Missing | undefined> {
    const selectors = await Promise.all(query.selectors.map((selector) => this.explainSelector(selector)));
    const sides = await Promise.all(
      query.either.map(async (either) => {
        const found = await Promise.all(either.map((side) => this.explainQuery(side)));
        const missing = found.filter((it) => it !== undefined);
        const never = missing.every((it) => it.never);
        return missing.length < found.length ? undefined : merge(missing, never);
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
    if (isHostMetric(metric) && !(await this.isRecorded(metric))) {
      const explained = explainMetric(metric, await this.findCollectors());
      return "error" in explained
        ? { never: true, selectors, reason: explained.error }
        : { never: false, selectors, reason: explained.reason };
    }
    // a metric that a target describes or a rule records may get its first series later
    return { never: !((await this.isDescribed(metric)) || (await this.isRecorded(metric))), selectors };
  }

  private exists(matchers: readonly Matcher[]): Promise<boolean> {
    const selector = written(matchers);
    const parameters = {
      "match[]": selector,
      start: String(this.now - HISTORY_SECONDS),
      end: String(this.now),
      limit: "1",
    };
    return this.cached(selector, () =>
      this.api<readonly unknown[]>("series", parameters).then(({ length }) => length > 0),
    );
  }

  private isDescribed(metric: string): Promise<boolean> {
    return this.cached(`metadata of ${metric}`, async () => {
      const names = [...new Set([metric, metric.replace(METRIC_SUFFIXES, "")])].filter((name) => name !== "");
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

  private cached(key: string, load: () => Promise<boolean>): Promise<boolean> {
    const result = this.cache.get(key) ?? load();
    this.cache.set(key, result);
    return result;
  }
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
