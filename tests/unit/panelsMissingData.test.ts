import { GrafanaApi } from "../../tools/verify/panels/grafana";
import { MissingData, withoutBuiltIns } from "../../tools/verify/panels/missingData";
import { Explanation } from "../../tools/verify/panels/nodeExporter";

type Labels = Readonly<Record<string, string>>;

/** What a fake Prometheus holds: series by selector, and the samples of `up`. */
interface World {
  /** The tree of the query. */
  readonly tree: object;
  /** Selectors that found series within the range, with the targets of these. */
  readonly range?: Readonly<Record<string, readonly Labels[]>>;
  /** Those that find samples at its end. */
  readonly now?: readonly string[];
  readonly up?: readonly (Labels & { readonly value: string })[];
  /** Whether node_exporter was scraped. */
  readonly scraped?: boolean;
  readonly rules?: readonly object[];
  /** Whether the query has a result without its filters. */
  readonly filtered?: boolean;
  /** Seconds by which the panel looks back. */
  readonly shift?: number;
}

const NODE = { job: "linux_host", instance: "node_exporter" };
const sample = (metric: Labels, value = "1"): object => ({ metric, value: [0, value] });
const matcher = (name: string, value: string, type = "="): object => ({ name, type, value });
const selector = (name: string, ...more: object[]): object => ({
  type: "vectorSelector",
  matchers: [...more, matcher("__name__", name)],
});
const binary = (op: string, lhs: object, rhs: object): object => ({ type: "binaryExpr", op, lhs, rhs });
const histogram = (name: string): object => ({
  type: "call",
  func: { name: "histogram_quantile" },
  args: [selector(name)],
});

function explain({
  tree,
  range = {},
  now = [],
  up = [],
  scraped = true,
  rules = [],
  filtered,
  shift,
}: World): Promise<Explanation | undefined> {
  const prometheus = (_: string, path: string, parameters: Record<string, string>): Promise<never> => {
    const { query = "", "match[]": match = "", time } = parameters;
    const [, ended] = /last_over_time\((.*)\[3600s\]/.exec(query) ?? [];
    const [, counted] = /^count\((.*)\)$/.exec(query) ?? [];
    const result = (): object[] => {
      if (query === "up") {
        return up.map(({ value, ...labels }) => sample(labels, value));
      }
      if (query === "any") {
        return filtered === true ? [sample({})] : [];
      }
      if (query === "node_scrape_collector_success") {
        return scraped ? [sample({ collector: "loadavg" }), sample({ collector: "tcpstat" })] : [];
      }
      if (ended !== undefined) {
        return (range[ended] ?? []).map((labels) => sample(labels));
      }
      return counted !== undefined && time === "3600" && now.includes(counted) ? [sample({})] : [];
    };
    const responses: Readonly<Record<string, unknown>> = {
      parse_query: tree,
      series: range[match] ?? [],
      rules: { groups: [{ rules }] },
    };
    return Promise.resolve((responses[path] ?? { result: result() }) as never);
  };
  const api = { prometheus } as Partial<GrafanaApi> as GrafanaApi;
  return new MissingData(api, "prometheus", { from: 0, to: 3_600_000 }, 20).explain("any", "empty", shift);
}

it("a query has no decimal point in its durations, which PromQL does not have", () => {
  expect(withoutBuiltIns("rate(m[${__rate_interval}]) / ${__range_s}", 1.2)).toBe("rate(m[1s200ms]) / 1.2");
});

describe("a series that appears and disappears", () => {
  const tcp = 'node_tcp_connection_states{state="close_wait"}';
  const gone: World = {
    tree: selector("node_tcp_connection_states", matcher("state", "close_wait")),
    range: { [tcp]: [NODE] },
    up: [{ ...NODE, value: "1" }],
  };
  const reason = { reason: `${tcp} is absent at the moment` };

  it("may be absent while its own target is up", async () => {
    await expect(explain(gone)).resolves.toStrictEqual(reason);
    const container = 'container_last_seen{name="removed"}';
    const cadvisor = { job: "containers", instance: "cadvisor" };
    await expect(
      explain({
        tree: selector("container_last_seen", matcher("name", "removed")),
        range: { [container]: [cadvisor] },
        up: [
          { ...cadvisor, value: "1" },
          { ...NODE, value: "0" },
        ],
        scraped: false,
      }),
    ).resolves.toStrictEqual({ reason: `${container} is absent at the moment` });
  });

  it.each<[string, Partial<World>]>([
    ["is down", { up: [{ ...NODE, value: "0" }] }],
    ["is one no more", { up: [] }],
    ["has another instance", { up: [{ ...NODE, instance: "other", value: "1" }] }],
    [
      "is up, but another one of them is down",
      {
        range: { [tcp]: [NODE, { ...NODE, instance: "other" }] },
        up: [
          { ...NODE, value: "1" },
          { ...NODE, instance: "other", value: "0" },
        ],
      },
    ],
    ["gives samples, which the rest of the query drops", { now: [tcp] }],
  ])("is not excused if its target %s", async (_, change) => {
    await expect(explain({ ...gone, ...change })).resolves.toBeUndefined();
  });

  it("does not excuse another selector without results", async () => {
    await expect(explain({ ...gone, tree: binary("/", gone.tree, selector("shop_orders")) })).resolves.toBeUndefined();
    await expect(explain({ ...gone, tree: binary("or", gone.tree, selector("shop_orders")) })).resolves.toStrictEqual(
      reason,
    );
    const taken = binary("unless", gone.tree, selector("shop_orders"));
    await expect(explain({ ...gone, tree: taken })).resolves.toStrictEqual(reason);
  });
});

describe("a metric that node_exporter never had", () => {
  const error = "node_exporter v1.12.1 exposes no node_load_1, did you mean node_load1?";
  const known = { reason: "collector hwmon is off in this lab" };

  it.each<[string, object, Explanation | undefined]>([
    ["by itself", selector("node_load_1"), { error }],
    [
      "by an expression for names",
      { type: "vectorSelector", matchers: [matcher("__name__", "node_load_1", "=~")] },
      { error },
    ],
    ["beside one that the host lacks", binary("/", selector("node_hwmon_fan_rpm"), selector("node_load_1")), { error }],
    ["as the other side of an `or`", binary("or", selector("node_load_1"), selector("node_hwmon_fan_rpm")), known],
    ["on both sides of an `or`", binary("or", selector("node_load_1"), selector("node_load_1")), { error }],
    [
      "in an expression beside one that the host lacks",
      { type: "vectorSelector", matchers: [matcher("__name__", "node_(load_1|hwmon_fan_rpm)", "=~")] },
      known,
    ],
    [
      "in an expression that the metrics of another exporter may match",
      { type: "vectorSelector", matchers: [matcher("__name__", ".*_total", "=~")] },
      undefined,
    ],
    [
      "but by its opposite",
      { type: "vectorSelector", matchers: [matcher("__name__", "node_load_1", "!=")] },
      undefined,
    ],
  ])("%s", async (_, tree, explanation) => {
    await expect(explain({ tree })).resolves.toStrictEqual(explanation);
  });

  it("is an error before the first scrape too, when nothing is known of the host", async () => {
    await expect(explain({ tree: selector("node_load_1"), scraped: false })).resolves.toStrictEqual({ error });
    await expect(explain({ tree: selector("node_hwmon_fan_rpm"), scraped: false })).resolves.toBeUndefined();
  });
});

describe("a query that rightly finds nothing", () => {
  const shown = { range: { up: [NODE], 'up{job="x"}': [NODE] }, now: ["up", 'up{job="x"}'] };
  const job = selector("up", matcher("job", "x"));
  const alerts = (...labels: object[]): object => selector("ALERTS", ...labels);
  const rules = [
    { type: "alerting", name: "TargetDown", labels: { severity: "critical" } },
    { type: "recording", name: "recorded" },
  ];

  it.each<[string, World, string | undefined]>([
    ["compares values", { tree: binary("==", job, {}), ...shown, filtered: true }, "no value passes its comparison"],
    ["compares values that no label joins", { tree: binary("==", job, selector("up")), ...shown }, undefined],
    ["compares those of an unknown series", { tree: binary("==", job, {}), filtered: true }, undefined],
    [
      "compares on both sides of an `or`",
      { tree: binary("or", binary("==", job, {}), binary("==", job, {})), ...shown, filtered: true },
      "no value passes its comparison",
    ],
    [
      "excludes them",
      { tree: binary("unless", job, selector("up")), ...shown, filtered: true },
      "its unless leaves no series",
    ],
    [
      "looks for an absence",
      { tree: { type: "call", func: { name: "absent" }, args: [job] }, filtered: true },
      "the series that it looks for the absence of exist",
    ],
    [
      "looks back by an offset",
      { tree: binary("-", selector("up"), { ...selector("up"), offset: 604_800_000 }), ...shown },
      "up did not exist 1w earlier",
    ],
    ["looks back with its panel", { tree: job, ...shown, shift: 86_400 }, 'up{job="x"} did not exist 1d earlier'],
    [
      "lists the alerts that are active",
      { tree: alerts(matcher("alertstate", "firing")), rules },
      'no alert is active as ALERTS{alertstate="firing"}',
    ],
    [
      "lists those of a kind",
      { tree: alerts(matcher("severity", "crit.*", "=~"), matcher("alertname", "Target.*", "=~")), rules },
      'no alert is active as ALERTS{severity=~"crit.*",alertname=~"Target.*"}',
    ],
    [
      "lists alerts by labels that may be absent",
      { tree: selector("ALERTS_FOR_STATE", matcher("cluster", ".*", "=~"), matcher("team", "x", "!=")), rules },
      'no alert is active as ALERTS_FOR_STATE{cluster=~".*",team!="x"}',
    ],
    ["lists an alert that nothing declares", { tree: alerts(matcher("alertname", "Other")), rules }, undefined],
    [
      "lists an alert with the name of a recorded metric",
      { tree: alerts(matcher("alertname", "recorded")), rules },
      undefined,
    ],
    ["lists alerts by a state that there is not", { tree: alerts(matcher("alertstate", "fireing")), rules }, undefined],
    ["lists alerts by a label that none has", { tree: alerts(matcher("severty", "critical")), rules }, undefined],
  ])("as it %s", async (_, world, reason) => {
    await expect(explain(world)).resolves.toStrictEqual(reason === undefined ? undefined : { reason, byQuery: true });
  });

  it("does not call a recorded metric one that node_exporter lacks", async () => {
    await expect(
      explain({ tree: selector("node_load_high"), rules: [{ type: "recording", name: "node_load_high" }] }),
    ).resolves.toBeUndefined();
  });
});

describe("a native histogram", () => {
  it("is disabled in this lab if the buckets of a classic one exist", async () => {
    const tree = histogram("request_seconds");
    await expect(explain({ tree, range: { request_seconds_bucket: [NODE] } })).resolves.toStrictEqual({
      reason: "native histograms are off in this lab: request_seconds exists only as request_seconds_bucket",
    });
    await expect(explain({ tree })).resolves.toBeUndefined();
    const plain = selector("request_seconds");
    await expect(explain({ tree: plain, range: { request_seconds_bucket: [NODE] } })).resolves.toBeUndefined();
  });
});
