import { passwordPrograms } from "../../components/container/webPassword";
import { alertmanagerFiles } from "../../components/monitoring/alertmanager";
import { findRejectedConfig, readProblems, rejected } from "../../components/monitoring/configCheck";
import { prometheusFiles } from "../../components/monitoring/prometheus";
import { FoundContainer } from "../../lib/drift/containers";
import { describeFiles, RECORD } from "../../lib/drift/files";
import * as assets from "../../lib/shared/assets";
import { LINUX, settingsWith } from "../support/fixtures";
import { foundContainer, FRESH, soundLab } from "../support/observedLabs";
import { serveDocker, TestServer } from "../support/servers";

describe("the output of promtool and amtool", () => {
  it("is parsed into its problems, without progress and without duplicates", () => {
    const output = [
      "Checking /lab/prometheus.yml",
      "  SUCCESS: 2 rule files found",
      " SUCCESS: /lab/prometheus.yml is valid prometheus config file syntax",
      "",
      "Checking /lab/a.rules.yml",
      "  FAILED:",
      '/lab/a.rules.yml: 14:15: group "lab", rule 2, "Down": could not parse expression: 1:8: parse error: unexpected "="',
      '/lab/a.rules.yml: 14:15: group "lab", rule 2, "Down": could not parse expression: 1:8: parse error: unexpected "="',
      "/lab/b.rules.yml: yaml: unmarshal errors:",
      "  line 1: field rulez not found in type rulefmt.RuleGroup",
    ].join("\n");
    expect(readProblems(output)).toStrictEqual([
      '/lab/a.rules.yml: 14:15: group "lab", rule 2, "Down": could not parse expression: 1:8: parse error: unexpected "="',
      "/lab/b.rules.yml: yaml: unmarshal errors: line 1: field rulez not found in type rulefmt.RuleGroup",
    ]);
  });

  it.each([
    [
      '  FAILED: parsing YAML file /lab/prometheus.yml: "x/y" is not a valid hostname\n',
      'parsing YAML file /lab/prometheus.yml: "x/y" is not a valid hostname',
    ],
    [
      "Checking '/lab/alertmanager.yml'  FAILED: root route must specify a default receiver\n" +
        "amtool: error: failed to validate 1 file(s)\n",
      "root route must specify a default receiver",
    ],
  ])("is parsed even if the problem follows in the same line: %j", (output, problem) => {
    expect(readProblems(output)).toStrictEqual([problem]);
  });
});

describe("a problem in prometheus.yml", () => {
  const jobs = [
    { job: "mine", targets: ["app:80"], scrape_timeout: "10s" },
    { job: "two: x", targets: ["app:80"], params: { format: "prometheus" } },
  ];
  const files = prometheusFiles(
    settingsWith({
      extraScrapeTargets: JSON.stringify(jobs),
      remoteWrite: '[{"url": "https://example.org/api/v1/write"}]',
    }),
    undefined,
  );
  const lines = (files[0]?.content as string).split("\n");
  const at = (text: string): string => {
    const line = lines.findIndex((it) => it.includes(text)) + 1;
    return `yaml: unmarshal errors: line ${String(line)}: cannot unmarshal`;
  };

  it.each([
    [
      "is about a job by name",
      'scrape timeout greater than scrape interval for scrape config with job name "mine"',
      "mine",
    ],
    ["is about a job by its line", at("format: prometheus"), "two: x"],
  ])("%s", (_, line, job) => {
    expect(rejected("Prometheus", `parsing YAML file /lab/prometheus.yml: ${line}`, files)).toStrictEqual({
      setting: `extraScrapeTargets, job ${job}`,
      problem: `Prometheus would reject it: ${line}`,
      fix: "correct that entry",
    });
  });

  it.each([at("scrape_interval: "), at("job_name: flask_app"), at("url: https://example.org"), "invalid something"])(
    "is about another part: %s",
    (line) => {
      expect(rejected("Prometheus", line, files)).toMatchObject({
        setting: "prometheus.yml",
        fix: "correct the setting that this part is rendered from",
      });
    },
  );
});

/** A container of this image that has these files, as they were written. */
function ownerOf(files: ReadonlyMap<string, string>, Image: string): FoundContainer {
  return foundContainer({
    Config: { Image, Labels: {} },
    files: new Map([...files, [RECORD, describeFiles(files)]]),
  });
}

describe("the files of Prometheus", () => {
  const settings = settingsWith();
  let engine: TestServer;

  beforeEach(async () => {
    engine = await serveDocker({});
  });

  afterEach(() => engine.close());

  /** A lab whose Prometheus has these files. */
  const running = (
    files: ReadonlyMap<string, string>,
    loaded?: string,
    image = settings.prometheus.image,
  ): ReturnType<typeof soundLab> => {
    const sound = soundLab(settings);
    const found = ownerOf(files, image);
    return { ...sound, loaded, containers: new Map([...sound.containers, ["prometheus", found]]) };
  };
  const declared = new Map(prometheusFiles(settings, undefined).map(({ file, content }) => [file, content as string]));

  it("are not checked while it runs on the same files", async () => {
    expect(await findRejectedConfig(settings, LINUX, running(declared))).toStrictEqual([]);
    expect(engine.asked).toStrictEqual([]);
  });

  it("are not checked while Alertmanager runs on its own", async () => {
    const withAlerts = settingsWith({ alertWebhook: "https://example.org/hook" });
    const text = (files: ReturnType<typeof prometheusFiles>): ReadonlyMap<string, string> =>
      new Map(files.map(({ file, content }) => [file, typeof content === "string" ? content : "a secret"]));
    const containers = new Map([
      [
        "prometheus",
        ownerOf(
          text(prometheusFiles(withAlerts, "alertmanager:9093", passwordPrograms(withAlerts))),
          withAlerts.prometheus.image,
        ),
      ],
      [
        "alertmanager",
        ownerOf(text(alertmanagerFiles("https://example.org/hook", LINUX)), withAlerts.alertmanager.image),
      ],
    ]);
    expect(await findRejectedConfig(withAlerts, LINUX, { ...soundLab(withAlerts), containers })).toStrictEqual([]);
    expect(engine.asked).toStrictEqual([]);
  });

  it.each([
    ["one differs", running(new Map([...declared, ["prometheus.yml", ""]]))],
    ["it has one more", running(new Map([...declared, ["gone.rules.yml", ""]]))],
    ["it rejected them", running(declared, "it rejected its files and kept the previous ones")],
    ["its image is another one", running(declared, undefined, "prom/prometheus:v2.0.0")],
    ["there is none", FRESH],
  ])("are checked if %s and the image is available", async (_, observed) => {
    expect(await findRejectedConfig(settings, LINUX, observed)).toStrictEqual([]);
    expect(engine.asked).toStrictEqual([`/images/${settings.prometheus.image}/json`]);
  });

  it.each([
    "",
    "# later\n",
    "groups:\n",
    'groups: [{name: a, rules: [{alert: A, expr: up, annotations: {expr: "{{ 1 }}"}}]}]',
  ])("are accepted if Prometheus accepts them: %j", async (text) => {
    const read = assets.readAsset;
    jest
      .spyOn(assets, "readAsset")
      .mockImplementation((...name) => (name[1] === "lab.rules.yml" ? text : read(...name)));
    expect(await findRejectedConfig(settings, LINUX, FRESH)).toStrictEqual([]);
  });

  it.each([
    ["groups:\n  - name: x\n rules: [", /^\d:\d+: not YAML: /],
    ["groups: {}", /^1:1: groups is not a list$/],
    ['groups: [{name: a, rules: [{alert: A, expr: "up{job==\\"x\\"} == 0"}]}]', /^1:45: no PromQL near "=\\?"x/],
    ["groups:\n- rules:\n  - record: a\n    expr: sum(up", /^4:11: no PromQL at its end: sum\(up$/],
  ])("are parsed even without its image: %j", async (text, problem) => {
    const read = assets.readAsset;
    const edited = (...name: string[]): string => (name[1] === "lab.rules.yml" ? text : read(...name));
    jest.spyOn(assets, "readAsset").mockImplementation(edited);
    const [found, ...more] = await findRejectedConfig(settings, LINUX, FRESH);
    expect(more).toStrictEqual([]);
    expect(found).toMatchObject({ setting: "assets/prometheus/lab.rules.yml", fix: "correct that line" });
    expect(found?.problem).toMatch(problem);
  });
});
