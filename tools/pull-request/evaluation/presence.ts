import { Sample } from "../../verify/lab";
import { GrafanaApi } from "../../verify/panels/grafana";
import { withoutBuiltIns } from "../../verify/panels/missingData";
import { ParsedQuery, readTree, written } from "../../verify/panels/parsedQuery";

/** Result of a query at one time. */
export interface QueryResult {
  /** Required selectors that match no series, as PromQL; one side of an `or` is sufficient. */
  readonly absent: readonly string[];
  /** Selectors that match series. */
  readonly present: readonly string[];
  /** Jobs of the selected series. */
  readonly jobs: readonly string[];
  /** Number of resulting series. */
  readonly series: number;
  /** Label names of the resulting series. */
  readonly labels: readonly string[];
  /** Why an empty result may be expected although every selector matches; undefined if it may not. */
  readonly filters: string | undefined;
}

type Selected = Pick<QueryResult, "absent" | "present" | "jobs">;

/** Shortest window of a rate; cAdvisor measures an idle container this seldom, whatever the scrape interval. */
const MIN_RATE_SECONDS = 20;

/** Checks at one time which series queries and their selectors match; runs each selector once. */
export class Presence {
  private readonly cache = new Map<string, Promise<readonly string[]>>();
  private readonly rateSeconds: number;

  /**
   * @param api Grafana of the lab.
   * @param datasource uid of the datasource.
   * @param freshSeconds Maximum age of a series' last sample; by default Prometheus' lookback. A series with explicit
   *   timestamps, as cAdvisor's, does not end with its target.
   * @param at Evaluation time, in seconds since the epoch; by default now.
   */
  constructor(
    private readonly api: GrafanaApi,
    private readonly datasource: string,
    private readonly freshSeconds?: number,
    private readonly at?: number,
  ) {
    this.rateSeconds = Math.max(MIN_RATE_SECONDS, Math.ceil(freshSeconds ?? 0));
  }

  /**
   * Runs a query and checks its selectors.
   *
   * @param expr PromQL, possibly with Grafana's built-in variables.
   * @throws Error with Prometheus' message if it is not valid PromQL.
   */
  async find(expr: string): Promise<QueryResult> {
    const tree = readTree(await this.call("parse_query", withoutBuiltIns(expr)));
    const [selected, samples] = await Promise.all([this.checkSelectors(tree), this.query(expr)]);
    return {
      ...selected,
      series: samples.length,
      labels: [...new Set(samples.flatMap(({ metric }) => Object.keys(metric)))],
      filters: tree.filters,
    };
  }

  private async checkSelectors({ selectors, either }: ParsedQuery): Promise<Selected> {
    const own = await Promise.all(
      selectors.map(async ({ matchers }) => {
        const selector = written(matchers);
        const jobs = await this.jobsOf(selector);
        return jobs.length > 0 ? { absent: [], present: [selector], jobs } : { absent: [selector], present: [], jobs };
      }),
    );
    const sides = await Promise.all(
      either.map(async (all) => {
        const found = await Promise.all(all.map((side) => this.checkSelectors(side)));
        const allAbsent = found.every(({ absent }) => absent.length > 0);
        return { ...union(found), ...(allAbsent ? {} : { absent: [] }) };
      }),
    );
    return union([...own, ...sides]);
  }

  private jobsOf(selector: string): Promise<readonly string[]> {
    const series =
      this.freshSeconds === undefined ? selector : `timestamp(${selector}) > time() - ${String(this.freshSeconds)}`;
    const isPresent =
      this.cache.get(selector) ??
      this.query(`group by (job) (${series})`).then((samples) => samples.map(({ metric }) => metric.job ?? ""));
    this.cache.set(selector, isPresent);
    return isPresent;
  }

  private async query(expr: string): Promise<readonly Sample[]> {
    const time: Readonly<Record<string, string>> = this.at === undefined ? {} : { time: String(this.at) };
    const { resultType, result } = (await this.call("query", withoutBuiltIns(expr, this.rateSeconds), time)) as {
      resultType: string;
      result: readonly Sample[];
    };
    return resultType === "vector" ? result : [{ metric: {}, value: [0, ""] }];
  }

  private call(path: string, query: string, more: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.api.prometheus<unknown>(this.datasource, path, { query, ...more });
  }
}

/** What any of these selects, and what any of them lacks. */
export function union(parts: readonly Selected[]): Selected {
  const all = (key: keyof Selected): string[] => [...new Set(parts.flatMap((part) => part[key]))];
  return { absent: all("absent"), present: all("present"), jobs: all("jobs") };
}
