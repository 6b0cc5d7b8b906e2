import { GrafanaApi } from "./grafana";
import { TimeRange } from "./range";

/** A matcher of a selector, in the terms of Prometheus' parser. */
interface Matcher {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** What the reasons need of a query, as Prometheus' parser reads it. */
export interface ParsedQuery {
  readonly selectors: readonly { readonly matchers: readonly Matcher[]; readonly overTime: boolean }[];
  /** Whether a comparison drops values, as `> 0` does. */
  readonly filters: boolean;
}

/** What a host can lack is what node_exporter reports of it. */
const HOST_METRIC = "node_";
/** Labels that the scrape gives, and not the host. */
const OF_THE_SCRAPE = new Set(["job", "instance"]);
const BUILT_IN = /\$\{__\w+?(_ms|_s)?\}/g;
const COMPARISONS = new Set(["==", "!=", ">", "<", ">=", "<="]);

/** Asks the host, by its own metrics, why queries have no data. */
export class Host {
  private readonly asked = new Map<string, Promise<boolean>>();
  private known?: Promise<ReadonlyMap<string, boolean>>;

  constructor(
    private readonly api: GrafanaApi,
    private readonly datasource: string,
    private readonly range: TimeRange,
  ) {}

  /** Why the host has no data for a query; undefined where it gives no reason, which is a fault then. */
  async explain(expr: string, state: "empty" | "nan"): Promise<string | undefined> {
    const collectors = await this.collectors();
    if (collectors.size === 0) {
      return undefined; // not scraped yet, so nothing can be said
    }
    const query = expr.replace(BUILT_IN, (_, unit?: string) => (unit === undefined ? "1m" : "60"));
    const { selectors, filters } = readTree(await this.api.prometheus(this.datasource, "parse_query", { query }));
    const ofHost = selectors.filter(({ matchers }) => metricOf(matchers).startsWith(HOST_METRIC));
    const absent = await Promise.all(ofHost.map(({ matchers }) => this.explainAbsence(matchers, collectors)));
    const still =
      state === "nan" || filters
        ? await Promise.all(ofHost.map(({ matchers, overTime }) => this.explainStillness(matchers, overTime)))
        : [];
    return [...absent, ...still].find((reason) => reason !== undefined);
  }

  /** Why a selector finds no series. */
  private async explainAbsence(
    matchers: readonly Matcher[],
    collectors: ReadonlyMap<string, boolean>,
  ): Promise<string | undefined> {
    if (await this.has(matchers)) {
      return undefined;
    }
    const metric = metricOf(matchers);
    if (!(await this.has(matchers.filter(({ name }) => name === "__name__")))) {
      return explainMetric(metric, collectors);
    }
    const ofHost = matchers.filter(({ name }) => !OF_THE_SCRAPE.has(name));
    return (await this.has(ofHost)) ? undefined : `no ${written(ofHost)}`;
  }

  /** Why there is nothing to divide by or to compare with: all that the host counts is 0, or stands still. */
  private async explainStillness(matchers: readonly Matcher[], overTime: boolean): Promise<string | undefined> {
    const samples = `${written(matchers)}[${String(Math.ceil((this.range.to - this.range.from) / 1000))}s]`;
    const isZero = (of: string): Promise<boolean> => this.holds(`max(${of}) == 0`);
    if (await isZero(`max_over_time(${samples})`)) {
      return `${metricOf(matchers)} is 0`;
    }
    const moves = `max_over_time(${samples}) - min_over_time(${samples})`;
    return overTime && (await isZero(moves)) ? `${metricOf(matchers)} does not change` : undefined;
  }

  /** Whether each collector of node_exporter found something to report. */
  private collectors(): Promise<ReadonlyMap<string, boolean>> {
    this.known ??= this.query("node_scrape_collector_success").then(
      (samples) => new Map(samples.map(({ metric, value }) => [metric.collector ?? "", value[1] === "1"])),
    );
    return this.known;
  }

  private async holds(condition: string): Promise<boolean> {
    return (await this.query(condition)).length > 0;
  }

  private async query(query: string): Promise<readonly { metric: { collector?: string }; value: [number, string] }[]> {
    const answer = await this.api.prometheus<{ result: Awaited<ReturnType<Host["query"]>> }>(this.datasource, "query", {
      query,
      // a first scrape after the range says nothing of a panel that was asked before it
      time: String(this.range.to / 1000),
    });
    return answer.result;
  }

  private has(matchers: readonly Matcher[]): Promise<boolean> {
    const selector = written(matchers);
    const known = this.asked.get(selector);
    if (known !== undefined) {
      return known;
    }
    const { from, to } = this.range;
    const answer = this.api
      .prometheus<readonly unknown[]>(this.datasource, "series", {
        "match[]": selector,
        start: String(from / 1000),
        end: String(to / 1000),
        limit: "1",
      })
      .then(({ length }) => length > 0);
    this.asked.set(selector, answer);
    return answer;
  }
}

/** Why node_exporter does not expose a metric, as far as the names of its collectors tell it. */
export function explainMetric(metric: string, collectors: ReadonlyMap<string, boolean>): string {
  const failed = [...collectors].find(([name, works]) => !works && metric.startsWith(`node_${name}_`));
  return failed === undefined ? `no ${metric}` : `collector ${failed[0]} finds nothing`;
}

/** Selectors and comparisons in what Prometheus' parser says of a query. */
export function readTree(tree: unknown): ParsedQuery {
  if (typeof tree !== "object" || tree === null) {
    return { selectors: [], filters: false };
  }
  const { type, matchers, op, bool } = tree as {
    type?: unknown;
    matchers?: readonly Matcher[];
    op?: unknown;
    bool?: unknown;
  };
  if (type === "vectorSelector" || type === "matrixSelector") {
    return { selectors: [{ matchers: matchers ?? [], overTime: type === "matrixSelector" }], filters: false };
  }
  const parts = Object.values(tree).map(readTree);
  const compares = type === "binaryExpr" && COMPARISONS.has(String(op)) && bool !== true;
  return {
    selectors: parts.flatMap(({ selectors }) => selectors),
    filters: compares || parts.some(({ filters }) => filters),
  };
}

function metricOf(matchers: readonly Matcher[]): string {
  return matchers.find(({ name, type }) => name === "__name__" && type === "=")?.value ?? "";
}

function written(matchers: readonly Matcher[]): string {
  const labels = matchers.filter(({ name, type }) => name !== "__name__" || type !== "=");
  const list = labels.map(({ name, type, value }) => `${name}${type}${JSON.stringify(value)}`);
  return `${metricOf(matchers)}${list.length === 0 ? "" : `{${list.join(",")}}`}`;
}
