import * as pulumi from "@pulumi/pulumi";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { savedVersions } from "../../lib/drift/dashboards";
import { ObservedLab } from "../../lib/drift/observe";
import { buildLab, settingsWith } from "../support/fixtures";
import { namesOf, Registration, resource } from "../support/mocks";
import { DATASOURCE, foundContainer, FRESH, HOLDINGS, soundLab } from "../support/observedLabs";

/** The input of each part that says why it was made. */
const REASONS: Readonly<Record<string, string>> = {
  "lab-network": "labels[1].value",
  "node-exporter-container": "labels[1].value",
  "cadvisor-container": "labels[1].value",
  "pushgateway-container": "labels[1].value",
  "prometheus-config-files": "triggers[0]",
  "prometheus-container": "labels[1].value",
  "grafana-config-files": "triggers[0]",
  "grafana-container": "labels[1].value",
  "prometheus-reload": "environment.REASON",
  "flask-environment": "triggers[1]",
  "flask-process": "triggers[2]",
  "ansible-environment": "triggers[1]",
  "ansible-run": "triggers[1]",
  "grafana-admin-password": "triggers[1]",
  "grafana-datasource": "databaseName",
  "community-1860-dashboard": "message",
  "lab-overview-dashboard": "message",
  "flask-app-dashboard": "message",
  "ansible-playbooks-dashboard": "message",
  "jobs-dashboard": "message",
};
const CONTAINERS = Object.keys(REASONS).filter((name) => name.endsWith("-container"));

const sound = soundLab(settingsWith());
let soundParts: readonly Registration[];

beforeAll(async () => {
  ({ registrations: soundParts } = await buildLab());
});

beforeEach(() => {
  jest.spyOn(pulumi.log, "warn").mockResolvedValue();
});

/** Value of the input that a path leads to. */
function valueAt({ inputs }: Registration, input: string): unknown {
  return input
    .split(/[[\].]+/)
    .filter((key) => key !== "")
    .reduce<unknown>((value, key) => (value as Record<string, unknown>)[key], inputs);
}

/** The parts that are replaced or updated on drift, with the reason without its time. */
function repaired(registrations: readonly Registration[]): Record<string, string> {
  const parts = Object.entries(REASONS).map(([name, input]) => ({ input, part: resource(registrations, name) }));
  const drifted = parts.filter(({ part, input }) => valueAt(part, input) !== "declared");
  for (const { part, input } of parts) {
    // the input that repairs a part may not be ignored, and nothing else is ignored but what Docker decides
    expect([part.name, part.ignoreChanges]).toStrictEqual([
      part.name,
      [
        ...(part.name === "lab-network" ? ["ipv6", "options"] : []),
        ...(drifted.some((it) => it.part === part) ? [] : [input]),
      ],
    ]);
  }
  return Object.fromEntries(
    drifted.map(({ part, input }) => [part.name, String(valueAt(part, input)).replace(/ \(\d{4}-.*Z\)$/, "")]),
  );
}

/** The parts that are repaired for this observed lab. */
async function repairedFor(observed: Partial<ObservedLab>): Promise<Record<string, string>> {
  return repaired((await buildLab({ observed })).registrations);
}

/** The same reason for each of these parts. */
function all(names: readonly string[], reason: string): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, reason]));
}

describe("a lab without drift", () => {
  it("ignores the reason of each part, and nothing of any other resource", () => {
    expect(repaired(soundParts)).toStrictEqual({});
    const others = soundParts.filter(({ name, type }) => !(name in REASONS) || type.startsWith("observability-lab:"));
    // labels of a volume are fixed at its creation
    expect(others.filter(({ ignoreChanges }) => ignoreChanges.length > 0).map(({ name }) => name)).toStrictEqual([
      "grafana-data",
    ]);
  });
});

describe("a lab with no resource left", () => {
  it("is created in full, whatever the state contains", async () => {
    // a new Grafana has the right password from its start, and a new Prometheus has loaded its files
    const parts = Object.keys(REASONS).filter((it) => !["grafana-admin-password", "prometheus-reload"].includes(it));
    const { registrations } = await buildLab({ observed: FRESH });
    expect(repaired(registrations)).toStrictEqual(all(parts, "it was missing"));
    expect(pulumi.log.warn).not.toHaveBeenCalled();
  });
});

describe("a part with drift is repaired:", () => {
  /** The lab's containers but for this one. */
  const withContainer = (name: string, found: ReturnType<typeof foundContainer> | undefined) => {
    const others = [...sound.containers].filter(([other]) => other !== name);
    return { containers: new Map(found === undefined ? others : [...others, [name, found] as const]) };
  };

  it("a missing container", async () => {
    expect(await repairedFor(withContainer("cadvisor", undefined))).toStrictEqual({
      "cadvisor-container": "it was missing",
    });
  });

  it("a container that exited", async () => {
    const ended = foundContainer({ State: { Status: "exited", ExitCode: 137 } });
    expect(await repairedFor(withContainer("pushgateway", ended))).toStrictEqual({
      "pushgateway-container": "its state was exited, exit code 137",
    });
    expect(pulumi.log.warn).toHaveBeenCalledWith(
      "pushgateway: its state was exited, exit code 137; this update repairs it",
    );
  });

  it("files that were edited, and their program follows", async () => {
    const found = sound.containers.get("prometheus") ?? foundContainer();
    const files = new Map([...(found.files ?? []), ["prometheus.yml", ""] as const]);
    expect(await repairedFor(withContainer("prometheus", { ...found, files }))).toStrictEqual({
      "prometheus-config-files": "prometheus.yml was added",
    });
  });

  it("files whose volume is missing", async () => {
    const volumes = new Set([...sound.volumes].filter((name) => !name.endsWith("grafana-config")));
    expect(await repairedFor({ volumes })).toStrictEqual({ "grafana-config-files": "it was missing" });
  });

  it("the playbook, whose report was deleted with the volume of the Pushgateway", async () => {
    const volumes = new Set([...sound.volumes].filter((name) => !name.endsWith("-pushgateway")));
    expect(await repairedFor({ volumes })).toStrictEqual({ "ansible-run": "it was missing" });
  });

  it("files that Prometheus rejected", async () => {
    const loaded = "it rejected its files and kept the previous ones";
    expect(await repairedFor({ loaded })).toStrictEqual({ "prometheus-reload": loaded });
  });

  it("the network, with every container on it", async () => {
    const onIt = CONTAINERS.filter((name) => name.endsWith("-container"));
    expect(await repairedFor({ network: undefined })).toStrictEqual({
      "lab-network": "it was missing",
      ...all(onIt, "it was not on the network observability-lab"),
    });
  });

  it("the app", async () => {
    const host = { ...sound.host, app: "it did not respond" };
    expect(await repairedFor({ host })).toStrictEqual({ "flask-process": "it did not respond" });
  });

  it.each([
    ["flask", "flask-process"],
    ["ansible", "ansible-run"],
  ])("the environment of %s, with what runs in it", async (environment, user) => {
    const environments = { ...sound.host.environments, [environment]: "it was missing" };
    expect(await repairedFor({ host: { ...sound.host, environments } })).toStrictEqual(
      all([`${environment}-environment`, user], "it was missing"),
    );
  });

  it("the admin's password", async () => {
    const grafana = { password: "Grafana refused it", found: undefined };
    expect(await repairedFor({ grafana })).toStrictEqual({ "grafana-admin-password": "Grafana refused it" });
  });

  it("the datasource, in place or as a replacement of a missing one", async () => {
    for (const [datasource, reason, replaceOnChanges] of [
      [{ ...DATASOURCE, url: "http://elsewhere" }, 'its url was "http://elsewhere"', []],
      [undefined, "it was missing", ["databaseName"]],
    ] as const) {
      const grafana = { password: undefined, found: { ...HOLDINGS, datasource } };
      const { registrations } = await buildLab({ observed: { grafana } });
      expect(repaired(registrations)).toStrictEqual({ "grafana-datasource": reason });
      expect(resource(registrations, "grafana-datasource").replaceOnChanges).toStrictEqual(replaceOnChanges);
    }
  });

  it("a missing dashboard, and the home dashboard follows it", async () => {
    const dashboards = new Map([...HOLDINGS.dashboards].filter(([uid]) => uid !== "lab-overview"));
    const grafana = { password: undefined, found: { ...HOLDINGS, dashboards } };
    const { registrations } = await buildLab({ observed: { grafana } });
    expect(repaired(registrations)).toStrictEqual({ "lab-overview-dashboard": "it was missing" });
    expect(resource(registrations, "lab-overview-dashboard").replaceOnChanges).toStrictEqual(["message"]);
    expect(namesOf(resource(registrations, "lab-overview-home").replaceWith)).toStrictEqual(["lab-overview-dashboard"]);
  });

  it("a dashboard that was edited, until the version that the lab saved is recorded", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-notes-"));
    try {
      const dashboards = new Map([...HOLDINGS.dashboards, ["lab-flask", 2] as const]);
      const observed = { folder, grafana: { password: undefined, found: { ...HOLDINGS, dashboards } } };
      const { registrations, hooks } = await buildLab({ observed });
      expect(repaired(registrations)).toStrictEqual({
        "flask-app-dashboard": "it was edited in Grafana, version 2",
      });
      // an update of it, as Grafana keeps the versions of one that stays
      expect(resource(registrations, "flask-app-dashboard").replaceOnChanges).toStrictEqual([]);
      const [note] = hooks.get("flask-app-dashboard")?.afterUpdate ?? [];
      await (note as pulumi.ResourceHookFunction)({ newOutputs: { version: 2 } } as unknown as pulumi.ResourceHookArgs);
      expect([...savedVersions(folder)]).toStrictEqual([["lab-flask", 2]]);
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  });
});
