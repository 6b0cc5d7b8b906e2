import { writeDuration } from "../../../lib/shared/duration";
import { Sample } from "../lab";
import { explainValues } from "./absentValues";
import { ALERT_METRICS, mayHave, Rule } from "./alertSeries";
import { GrafanaApi } from "./grafana";
import { explainMetric, Explanation, hostMetricsLike, isHostMetric } from "./nodeExporter";
import { Matcher, metricOf, ParsedQuery, readTree, regexOf, Selector, written } from "./parsedQuery";
import { TimeRange } from "./range";
import { withoutFilters } from "./withoutFilters";

/** Labels that come from the scrape, not from the host. */
const OF_THE_SCRAPE = new Set(["job", "instance"]);
const BUILT_IN = /\$\{__\w+?(_ms|_s)?\}/g;

/** A query that Prometheus can parse, with a minute for Grafana's built-in variables. */
export function withoutBuiltIns(expr: string, interval = 60): string {
  return expr.replace(BUILT_IN, (_, unit?: string) =>
    unit === undefined ? writeDuration(interval) : String(interval),
  );
}

/** Result of one selector: "none" if it finds nothing without a reason, undefined if it finds series. */
type Found = Explanation | "none" | undefined;

/** Finds out from Prometheus why queries have no data. */
export class MissingData {
  private readonly asked = new Map<string, Promise<boolean>>();
  private known?: Promise<ReadonlyMap<string, boolean>>;
  private rules?: Promise<readonly Rule[]>;
  private up?: Promise<ReadonlyMap<string, string>>;

  constructor(
    private readonly api: GrafanaApi,
    private readonly datasource: string,
    private readonly range: TimeRange,
    /** Seconds of the shortest `$__rate_interval`. */
    private readonly rateInterval: number,
  ) {}

  /**
   * Why a query has no data; undefined if nothing explains it: then the check fails.
   *
   * @param shift Seconds by which its panel looks back from the dashboard's time range.
   */
  async explain(expr: string, state: "empty" | "nan", shift = 0): Promise<Explanation | undefined> {
    const tree = await this.api.prometheus(this.datasource, "parse_query", { query: withoutBuiltIns(expr) });
    const query = readTree(tree);
    const found = (await this.explainQuery(query, state === "nan")) ?? (await this.explainAge(query, shift));
    if (found === undefined && state === "empty" && query.filters !== undefined) {
      return (await this.isFiltered(expr)) ? { reason: query.filters, byQuery: true } : undefined;
    }
    return found === "none" ? undefined : found;
  }

  /** Whether a query without data has some without its comparisons and other filters. */
  private async isFiltered(expr: string): Promise<boolean> {
    const query = await withoutFilters(withoutBuiltIns(expr, this.rateInterval));
    return this.holds(query).catch(() => false); // without a filter it may not be valid
  }

  /** Decided by a selector that must not be empty; in an `or`, by the side with a reason. */
  private async explainQuery(query: ParsedQuery, hasNoNumbers: boolean): Promise<Found> {
    const drops = hasNoNumbers || query.compares;
    const absent = await Promise.all(query.selectors.map((selector) => this.explainAbsence(selector)));
    const sides = await Promise.all(
      query.either.map(async (either) => {
        const found = await Promise.all(either.map((side) => this.explainQuery(side, drops)));
        return found.find(excuses) ?? inexcusable(found);
      }),
    );
    const all = [...absent, ...sides];
    const error = inexcusable(all);
    if (error !== undefined) {
      return error;
    }
    const still = drops ? await Promise.all(query.selectors.map((it) => this.explainStillness(it))) : [];
    return [...all, ...still].find(excuses);
  }

  /** Whether the query looks back to a time at which a series did not exist yet. */
  private async explainAge({ selectors, either }: ParsedQuery, shift: number): Promise<Found> {
    const own = selectors.map(async ({ matchers, offset }): Promise<Found> => {
      const age = shift + offset;
      const selector = written(matchers);
      return age <= 0 || (await this.query(`count(${selector})`, this.range.to / 1000 - age)).length > 0
        ? undefined
        : { reason: `${selector} did not exist ${writeDuration(age)} earlier`, byQuery: true };
    });
    const sides = either.flat().map((side) => this.explainAge(side, shift));
    return (await Promise.all([...own, ...sides])).find(excuses);
  }

  /** Why a selector finds no series, or finds none any more. */
  private async explainAbsence(selector: Selector): Promise<Found> {
    const { matchers } = selector;
    const metric = metricOf(matchers);
    if (ALERT_METRICS.includes(metric)) {
      return this.explainAlerts(matchers);
    }
    if (await this.has(matchers)) {
      return this.explainEnd(matchers);
    }
    const values = await explainValues(matchers, (it) => this.has(it));
    if (values !== undefined) {
      return { reason: values, byQuery: true };
    }
    const named = matchers.filter(({ name }) => name === "__name__");
    if (selector.histogram && metric !== "" && (await this.has(classic(matchers)))) {
      return { reason: `native histograms are off in this lab: ${metric} exists only as ${metric}_bucket` };
    }
    const metrics = isHostMetric(metric) ? [metric] : hostMetricsOf(named);
    if (metrics.length === 0 || (await this.findRules()).some(({ name }) => name === metric)) {
      return "none";
    }
    if (!(await this.has(named))) {
      const collectors = await this.collectors();
      const explained = metrics.map((it) => explainMetric(it, collectors));
      const reason = explained.find(excuses);
      // nothing is known of the host before the first scrape
      return reason === undefined ? inexcusable(explained) : collectors.size === 0 ? "none" : reason;
    }
    const ofHost = matchers.filter(({ name }) => !OF_THE_SCRAPE.has(name));
    return (await this.has(ofHost)) ? "none" : { reason: `no ${written(ofHost)}` };
  }

  /** Explains that no alert is active with these labels; "none" if no rule declares an alert that can have them. */
  private async explainAlerts(matchers: readonly Matcher[]): Promise<Found> {
    if (await this.holds(`count(${written(matchers)})`)) {
      return undefined;
    }
    const alerts = (await this.findRules()).filter(({ type }) => type === "alerting");
    return alerts.some((rule) => matchers.every((matcher) => mayHave(rule, matcher)))
      ? { reason: `no alert is active as ${written(matchers)}`, byQuery: true }
      : "none";
  }

  private findRules(): Promise<readonly Rule[]> {
    this.rules ??= this.api
      .prometheus<{ groups?: readonly { rules: readonly Rule[] }[] }>(this.datasource, "rules", {})
      .then(({ groups = [] }) => groups.flatMap(({ rules }) => rules));
    return this.rules;
  }

  /** Why series of the range are missing at its end: their target is up and no longer exposes them. */
  private async explainEnd(matchers: readonly Matcher[]): Promise<Found> {
    const selector = written(matchers);
    if (await this.holds(`count(${selector})`)) {
      return undefined;
    }
    this.up ??= this.query("up").then((samples) => new Map(samples.map((it) => [targetOf(it), it.value[1]])));
    const up = await this.up;
    const series = await this.query(`group by (job, instance) (last_over_time(${selector}[${this.length}]))`);
    const targets = series.map((it) => up.get(targetOf(it)));
    // otherwise a target that is down or missing is the cause, which fails the check
    return targets.includes("1") && !targets.includes("0") ? { reason: `${selector} is absent at the moment` } : "none";
  }

  /** Why a divisor or the operand of a comparison is missing: all counters of the host are 0 or unchanged. */
  private async explainStillness({ matchers, overTime }: Selector): Promise<Found> {
    const metric = metricOf(matchers);
    if (!isHostMetric(metric)) {
      return undefined;
    }
    const samples = `${written(matchers)}[${writeDuration(this.rateInterval)}]`;
    const isZero = (of: string): Promise<boolean> => this.holds(`max(${of}) == 0`);
    if (await isZero(written(matchers))) {
      return { reason: `${metric} is 0` };
    }
    const moves = `max_over_time(${samples}) - min_over_time(${samples})`;
    return overTime && (await isZero(moves)) ? { reason: `${metric} does not change` } : undefined;
  }

  /** The range as a PromQL duration. */
  private get length(): string {
    return `${String(Math.ceil((this.range.to - this.range.from) / 1000))}s`;
  }

  /** Whether each running collector of node_exporter had something to report. */
  private collectors(): Promise<ReadonlyMap<string, boolean>> {
    this.known ??= this.query("node_scrape_collector_success").then(
      (samples) => new Map(samples.map(({ metric, value }) => [metric.collector ?? "", value[1] === "1"])),
    );
    return this.known;
  }

  private async holds(condition: string): Promise<boolean> {
    return (await this.query(condition)).length > 0;
  }

  /** By default at the end of the range, when the panel was queried: a later first scrape must not count. */
  private async query(query: string, time = this.range.to / 1000): Promise<readonly Sample[]> {
    const parameters = { query, time: String(time) };
    return (await this.api.prometheus<{ result: readonly Sample[] }>(this.datasource, "query", parameters)).result;
  }

  private has(matchers: readonly Matcher[]): Promise<boolean> {
    const selector = written(matchers);
    const [start, end] = [this.range.from, this.range.to].map((time) => String(time / 1000)) as [string, string];
    const found =
      this.asked.get(selector) ??
      this.api
        .prometheus<readonly unknown[]>(this.datasource, "series", { "match[]": selector, start, end, limit: "1" })
        .then(({ length }) => length > 0);
    this.asked.set(selector, found);
    return found;
  }
}

function excuses(found: Found): found is Extract<Explanation, { reason: string }> {
  return typeof found === "object" && "reason" in found;
}

/** What no reason excuses: wrong names, all in one sentence, or a selector that finds nothing. */
function inexcusable(all: readonly Found[]): Found {
  const errors = all.flatMap((found) => (typeof found === "object" && "error" in found ? [found.error] : []));
  return errors.length > 0 ? { error: [...new Set(errors)].join("; ") } : all.find((found) => found === "none");
}

/** node_exporter metrics that a name matcher selects: those that it lists, or all that match. */
function hostMetricsOf(named: readonly Matcher[]): readonly string[] {
  const expression = named.find(({ type }) => type === "=~")?.value ?? "";
  const [, spelt = ""] = /^\(?([\w:|]*)\)?$/.exec(expression) ?? [];
  const metrics = spelt.split("|").filter(isHostMetric);
  if (metrics.length > 0 || !/^\^?\(?node_/.test(expression)) {
    return metrics;
  }
  const wanted = regexOf(expression);
  return wanted === undefined ? [] : hostMetricsLike(wanted);
}

/** The bucket selector of a histogram that is not a native one. */
function classic(matchers: readonly Matcher[]): readonly Matcher[] {
  return matchers.map((it) => (it.name === "__name__" ? { ...it, value: `${it.value}_bucket` } : it));
}

function targetOf({ metric }: Sample): string {
  return JSON.stringify([metric.job, metric.instance]);
}
