import { Properties } from "../../tools/pull-request/report/events";
import { impactOf } from "../../tools/pull-request/report/impact";
import { partOf } from "../../tools/pull-request/report/labels";
import { describeSteps } from "../../tools/pull-request/report/resources";
import { change, COMMAND, CONTAINER, DASHBOARD, step, VOLUME } from "../support/reports";

/** The row of one resource that becomes another. */
function detail(type: string, name: string, before: Properties, after: Properties, more: object = {}): string {
  const { rows } = describeSteps([step("replace", type, name, { before, after, ...more })]);
  return rows[0]?.detail ?? "no row";
}

describe("a container", () => {
  const labels = (all: Record<string, string>): Properties => ({
    name: "prometheus",
    labels: Object.entries(all).map(([label, value]) => ({ label: `observability-lab.${label}`, value })),
  });

  it("shows its changed inputs, and which of them replace it", () => {
    const before = { name: "a", image: "a:1", restart: "no", ports: [{ external: 1 }] };
    const after = { name: "a", image: "a:2", restart: "always", ports: [{ external: 2 }] };
    expect(detail(CONTAINER, "a", before, after, { keys: ["image", "ports[0].external"] })).toBe(
      "image (replaces): `a:1` → `a:2`, restart: `no` → `always`, ports[0].external (replaces): `1` → `2`",
    );
  });

  it("shows its environment variable by variable, and that these replace it", () => {
    const [before, after] = [{ envs: ["A=1", "B=x=y", "C"] }, { envs: ["C", "B=x=z", "D=4"] }];
    expect(detail(CONTAINER, "a", before, after, { keys: ["envs"] })).toBe(
      "envs.A (replaces): `1` (removed), envs.B (replaces): `x=y` → `x=z`, envs.D (replaces): `4` (new)",
    );
  });

  it("describes its labels in words, without repeating another input", () => {
    const before = labels({ lab: "a", memory: "1", config: "sum" });
    expect(detail(CONTAINER, "a", before, labels({ lab: "b", memory: "2", config: "other" }))).toBe(
      "labels.observability-lab.lab: `a` → `b`, its configuration",
    );
    const named = { labels: [{ label: "toString", value: "x" }] };
    expect(detail(CONTAINER, "a", { labels: [] }, named)).toBe("labels.toString: `x` (new)");
  });

  it("that reloads its files is reported with just that", () => {
    const [before, after] = ["a", "b"].map((CONFIG): Properties => ({ create: ":", environment: { CONFIG } }));
    const steps = [step("update", COMMAND, "prometheus-reload", { before: before ?? {}, after: after ?? {} })];
    expect(describeSteps(steps).rows).toStrictEqual([
      { operation: "update", kind: "reload", name: "prometheus", detail: "its configuration" },
    ]);
  });

  it("with drift is reported with it, and with nothing once that is repaired", () => {
    const [sound, drifted] = [
      labels({ reason: "declared" }),
      labels({ reason: "its state was exited, exit code 137" }),
    ];
    expect(detail(CONTAINER, "a", sound, drifted, { keys: ["labels"] })).toBe(
      "labels.drift (replaces): `declared` → `its state was exited, exit code 137`",
    );
    expect(detail(CONTAINER, "a", drifted, { ...sound, image: "b" })).toBe("image: `b` (new)");
  });

  it("that writes files shows these, and their jobs in rows of their own", () => {
    const files = (interval: string): Properties => ({
      triggers: ["declared", { file: "prometheus.yml", content: `global: {scrape_interval: ${interval}}\n` }],
    });
    const { rows, folds } = describeSteps([
      step("replace", COMMAND, "prometheus-config-files", {
        before: files("5s"),
        after: files("9s"),
        keys: ["triggers"],
      }),
    ]);
    expect(rows).toStrictEqual([
      { operation: "replace", kind: "configuration", name: "prometheus", detail: "prometheus.yml (+1 −1)" },
      { operation: "update", kind: "setting of Prometheus", name: "scrape_interval", detail: "`5s` → `9s`" },
    ]);
    expect(folds.map(({ title }) => title)).toStrictEqual(["configuration prometheus: prometheus.yml (+1 −1)"]);
  });

  it("with another secret is reported without its value", () => {
    const inputs = { triggers: ["declared", { file: "url", content: "[secret]" }] };
    expect(detail(COMMAND, "a-config-files", inputs, inputs, { detailedDiff: { "triggers[1].content": {} } })).toBe(
      "files: `[secret]` (changed)",
    );
    expect(detail(CONTAINER, "a", { name: "a" }, { name: "a" }, { detailedDiff: { memory: {} } })).toBe(
      "memory differs from its declaration",
    );
  });
});

describe("a command", () => {
  const inputs = (stdin: string, triggers: string[], environment: object = {}): Properties => ({
    create: 'sh -c "$CREATE"',
    stdin,
    environment,
    triggers,
  });

  it("shows its texts as diffs, and none of their checksums", () => {
    const before = inputs("a\n", ["sum", "declared"], { CREATE: "x\n", PORT: "1" });
    const after = inputs("b\n", ["other", "declared"], { CREATE: "y\n", PORT: "2" });
    expect(detail(COMMAND, "flask-process", before, after, { keys: ["triggers"] })).toBe(
      "app.py (+1 −1), create script (+1 −1), environment.PORT: `1` → `2`",
    );
  });

  it("shows the drift that was found", () => {
    const [sound, drifted] = [inputs("", ["sum", "declared"]), inputs("", ["sum", "it was away"])];
    expect(detail(COMMAND, "ansible-run", sound, drifted)).toBe("drift: `declared` → `it was away`");
    expect(detail(COMMAND, "ansible-run", drifted, sound, { detailedDiff: { triggers: {} } })).toBe(
      "triggers differs from its declaration",
    );
  });
});

it("a dashboard shows why it is saved again, and is named by its title or else by its resource", () => {
  const inputs = (message: string, configJson: string): Properties => ({ message, configJson });
  const json = JSON.stringify({ title: "Board" });
  const edited = "it was edited in Grafana, version 1";
  expect(detail(DASHBOARD, "a", inputs("declared", json), inputs(edited, json))).toBe(
    `drift: \`declared\` → \`${edited}\``,
  );
  expect(partOf(change("update", DASHBOARD, "a", { after: inputs("", json) }))).toStrictEqual({
    kind: "dashboard",
    name: "Board",
  });
  expect(partOf(change("update", DASHBOARD, "node", { after: inputs("", "[secret]") })).name).toBe("node");
});

describe("the parts of a lab", () => {
  it.each<[string, string, Properties, [string, string]]>([
    [CONTAINER, "x", { name: "grafana" }, ["container", "grafana"]],
    [COMMAND, "grafana-config-files", {}, ["configuration", "grafana"]],
    [COMMAND, "prometheus-reload", {}, ["reload", "prometheus"]],
    ["docker:index/service:Service", "x", { name: "cadvisor" }, ["service", "cadvisor"]],
    [VOLUME, "x", {}, ["volume", "x"]],
    [COMMAND, "flask-process", {}, ["app", "Flask"]],
    [COMMAND, "flask-environment", {}, ["Python environment", "flask"]],
    [COMMAND, "lab-container-sweep", {}, ["teardown", ""]],
    [COMMAND, "other", {}, ["command", "other"]],
    ["a:b/c:Thing", "x", {}, ["Thing", "x"]],
  ])("%s %s %j is %j", (type, name, after, [kind, shown]) => {
    expect(partOf(change("create", type, name, { after }))).toStrictEqual({ kind, name: shown });
  });

  it("keep their previous names if they are removed", () => {
    const both = { before: { name: "old" }, after: { name: "new" } };
    expect(partOf(change("delete", VOLUME, "x", both)).name).toBe("old");
    expect(partOf(change("replace", VOLUME, "x", both)).name).toBe("new");
  });

  it("are sorted by importance", () => {
    const steps = [
      step("create", DASHBOARD, "1"),
      step("create", VOLUME, "2"),
      step("replace", CONTAINER, "3"),
      step("delete", COMMAND, "4"),
      step("delete", VOLUME, "5"),
    ];
    expect(describeSteps(steps).changes.map(({ name }) => name)).toStrictEqual(["5", "4", "3", "2", "1"]);
  });
});

describe("the impact", () => {
  const named = (name: string): { before: Properties; after: Properties } => ({ before: { name }, after: { name } });
  const prometheus = change("replace", CONTAINER, "x", named("prometheus"));
  const volume = (op: string, retainOnDelete = false, name = "observability-lab-prometheus") =>
    change(op, VOLUME, "y", {
      after: { name },
      old: { inputs: { name: "observability-lab-prometheus" }, retainOnDelete },
    });

  it("is empty for what is created, updated or never ran", () => {
    const changes = [
      change("update", CONTAINER, "x", named("prometheus")),
      change("create", CONTAINER, "x", named("prometheus")),
      change("replace", COMMAND, "prometheus-config-files"),
      volume("create"),
    ];
    expect(impactOf(changes)).toStrictEqual([]);
  });

  it("is that it restarts with its data, or without", () => {
    const changes = [prometheus, change("replace", CONTAINER, "x", named("cadvisor")), volume("update")];
    expect(impactOf([...changes, change("replace", COMMAND, "flask-process")])).toStrictEqual([
      "**Restarts**: `prometheus` (keeps its samples), `cadvisor`, the Flask app (its counters start at 0).",
    ]);
  });

  it("is that data is lost with a volume, which has its previous name", () => {
    const lost = "**Lost**: its samples, with the volume `observability-lab-prometheus`.";
    expect(impactOf([prometheus, volume("replace", false, "new-prometheus")])).toStrictEqual([
      lost,
      "**Restarts**: `prometheus`.",
    ]);
    expect(impactOf([volume("delete")])).toStrictEqual([lost]);
    expect(impactOf([change("delete", VOLUME, "z", named("observability-lab-room"))])).toStrictEqual([]);
  });

  it("is not that data is kept beside a new volume, even if the previous one stays", () => {
    expect(impactOf([volume("delete", true)])).toStrictEqual([]);
    expect(impactOf([prometheus, volume("replace", true)])).toStrictEqual(["**Restarts**: `prometheus`."]);
    expect(impactOf([prometheus, volume("create")])).toStrictEqual(["**Restarts**: `prometheus`."]);
  });
});
