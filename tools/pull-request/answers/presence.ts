import { Sample } from "../../verify/lab";
import { GrafanaApi } from "../../verify/panels/grafana";
import { withoutBuiltIns } from "../../verify/panels/missingData";
import { ParsedQuery, readTree, written } from "../../verify/panels/parsedQuery";

/** What a query finds at one moment. */
export interface Found {
  /** Selectors that it needs and that find no series, as PromQL; of an `or`, one side that finds some is enough. */
  readonly absent: readonly string[];
  /** Jobs that the series of its selectors are of. */
  readonly jobs: readonly string[];
  /** How many series it gives. */
  readonly series: number;
  /** Names of the labels that these have. */
  readonly labels: readonly string[];
  /** Whether a comparison in it drops series, so that none may mean that all is well. */
  readonly filters: boolean;
}

/** Looks what queries and their selectors find at one moment; asks for each selector once. */
export class Presence {
  private readonly known = new Map<string, Promise<readonly string[]>>();

  /**
   * @param api Grafana of the lab.
   * @param datasource uid of the one that is asked.
   * @param freshSeconds How old the last sample of a series may be; without it as old as Prometheus looks back. A series
   *   whose samples have timestamps of their own, as cAdvisor's, does not end with its target.
   * @param at Moment that is asked about, in seconds since the epoch; without it, now.
   */
  constructor(
    private readonly api: GrafanaApi,
    private readonly datasource: string,
    private readonly freshSeconds?: number,
    private readonly at?: number,
  ) {}

  /**
   * What a query finds.
   *
   * @param expr PromQL, perhaps with Grafana's own variables.
   * @throws Error in Prometheus' words where it is none.
   */
  async find(expr: string): Promise<Found> {
    const tree = readTree(await this.ask("parse_query", withoutBuiltIns(expr)));
    const [{ absent, jobs }, samples] = await Promise.all([this.select(tree), this.query(expr)]);
    return {
      absent: [...new Set(absent)],
      jobs: [...new Set(jobs)],
      series: samples.length,
      labels: [...new Set(samples.flatMap(({ metric }) => Object.keys(metric)))],
      filters: tree.filters,
    };
  }

  private async select({ selectors, either }: ParsedQuery): Promise<Pick<Found, "absent" | "jobs">> {
    const own = await Promise.all(
      selectors.map(async ({ matchers }) => {
        const selector = written(matchers);
        const jobs = await this.jobsOf(selector);
        return { absent: jobs.length > 0 ? [] : [selector], jobs };
      }),
    );
    const sides = await Promise.all(
      either.map(async (all) => {
        const found = await Promise.all(all.map((side) => this.select(side)));
        const none = found.every(({ absent }) => absent.length > 0);
        return { absent: none ? found.flatMap(({ absent }) => absent) : [], jobs: found.flatMap(({ jobs }) => jobs) };
      }),
    );
    const parts = [...own, ...sides];
    return { absent: parts.flatMap(({ absent }) => absent), jobs: parts.flatMap(({ jobs }) => jobs) };
  }

  private jobsOf(selector: string): Promise<readonly string[]> {
    const series =
      this.freshSeconds === undefined ? selector : `timestamp(${selector}) > time() - ${String(this.freshSeconds)}`;
    const answer =
      this.known.get(selector) ??
      this.query(`group by (job) (${series})`).then((samples) => samples.map(({ metric }) => metric.job ?? ""));
    this.known.set(selector, answer);
    return answer;
  }

  private async query(expr: string): Promise<readonly Sample[]> {
    const time: Readonly<Record<string, string>> = this.at === undefined ? {} : { time: String(this.at) };
    const { resultType, result } = (await this.ask("query", withoutBuiltIns(expr, 20), time)) as {
      resultType: string;
      result: readonly Sample[];
    };
    return resultType === "vector" ? result : [{ metric: {}, value: [0, ""] }];
  }

  private ask(path: string, query: string, more: Readonly<Record<string, string>> = {}): Promise<unknown> {
    return this.api.prometheus<unknown>(this.datasource, path, { query, ...more });
  }
}
