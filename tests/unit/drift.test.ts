import * as pulumi from "@pulumi/pulumi";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { containerDrift, DeclaredContainer, FoundContainer } from "../../lib/drift/containers";
import { dashboardDrift, recordVersion, savedVersions } from "../../lib/drift/dashboards";
import { MISSING, replaceOnDrift } from "../../lib/drift/drift";
import { datasourceDrift, FoundGrafana } from "../../lib/drift/grafana";
import { DATASOURCE, foundContainer, HOLDINGS, NETWORK_ID, REPAIR_TIME } from "../support/observedLabs";

let warn: jest.SpyInstance;

beforeEach(() => {
  warn = jest.spyOn(pulumi.log, "warn").mockResolvedValue();
});

describe("the reason for which a part was created", () => {
  it("is kept, whatever it is, while the part has no drift", () => {
    expect(replaceOnDrift({ repairTime: REPAIR_TIME }, "the part", undefined, "triggers[1]")).toStrictEqual({
      reason: "declared",
      options: { ignoreChanges: ["triggers[1]"] },
    });
    expect(warn).not.toHaveBeenCalled();
  });

  it.each([
    ["a preview", true, "the next update"],
    ["an update", false, "this update"],
  ])("is the drift, which %s reports as a warning", (_, preview, update) => {
    jest.spyOn(pulumi.runtime, "isDryRun").mockReturnValue(preview);
    const { reason, options } = replaceOnDrift(
      { repairTime: REPAIR_TIME },
      "the part",
      "it was unhealthy",
      "triggers[1]",
    );
    expect(reason).toBe("it was unhealthy (2026-01-01T00:00:00.000Z)");
    expect(options).toStrictEqual({ ignoreChanges: [] });
    expect(warn.mock.calls).toStrictEqual([[`the part: it was unhealthy; ${update} repairs it`]]);
  });

  it("does not warn if the part is missing, as the first update would warn of everything", () => {
    expect(replaceOnDrift({ repairTime: REPAIR_TIME }, "the part", MISSING, "message").reason).toMatch(
      /^it was missing \(/,
    );
    expect(warn).not.toHaveBeenCalled();
  });
});

describe("the drift of a container", () => {
  const declared: DeclaredContainer = {
    restart: "unless-stopped",
    memoryLimit: true,
    networks: [{ name: "observability-lab", id: NETWORK_ID }],
  };
  const { State, HostConfig } = foundContainer();
  const onNetworks = (networks: FoundContainer["NetworkSettings"]["Networks"]): FoundContainer =>
    foundContainer({ NetworkSettings: { Networks: networks, Ports: {} } });

  it.each<[string, FoundContainer | undefined, string | undefined]>([
    ["of one that is gone", undefined, MISSING],
    [
      "of one that ended",
      foundContainer({ State: { Status: "exited", ExitCode: 137 } }),
      "its state was exited, exit code 137",
    ],
    [
      "of one that starts again and again",
      foundContainer({ State: { Status: "restarting", ExitCode: 1 } }),
      "its state was restarting, exit code 1",
    ],
    ["of one that is paused", foundContainer({ State: { Status: "paused", ExitCode: 0 } }), "its state was paused"],
    [
      "of one that was never started",
      foundContainer({ State: { Status: "created", ExitCode: 0 } }),
      "its state was created",
    ],
    [
      "of a dead one",
      foundContainer({ State: { Status: "dead", ExitCode: 137 } }),
      "its state was dead, exit code 137",
    ],
    [
      "of an unhealthy one",
      foundContainer({ State: { ...State, Health: { Status: "unhealthy" } } }),
      "it was unhealthy",
    ],
    [
      "of another memory limit",
      foundContainer({ HostConfig: { ...HostConfig, Memory: 64 * 1024 ** 2 } }),
      "its memory limit was 64 MiB",
    ],
    [
      "of another restart policy",
      foundContainer({ HostConfig: { ...HostConfig, RestartPolicy: { Name: "no" } } }),
      "its restart policy was no",
    ],
    ["of one that was disconnected", onNetworks({}), "it was not on the network observability-lab"],
    [
      "of one on a network of that name that was there before",
      onNetworks({ "observability-lab": { NetworkID: "older" } }),
      "it was not on the network observability-lab",
    ],
    ["is none of a sound one", foundContainer(), undefined],
    [
      "is none of one that still starts",
      foundContainer({ State: { ...State, Health: { Status: "starting" } } }),
      undefined,
    ],
    ["is none of one without a health check", foundContainer({ State: { Status: "running", ExitCode: 0 } }), undefined],
    [
      "is none of one that somebody put on a further network, too",
      onNetworks({ "observability-lab": { NetworkID: NETWORK_ID }, other: { NetworkID: "other" } }),
      undefined,
    ],
  ])("%s", (_, found, expected) => {
    expect(containerDrift(found, declared)).toBe(expected);
  });

  it("ignores a limit that Docker cannot set", () => {
    const unlimited = foundContainer({ HostConfig: { ...HostConfig, Memory: 0 } });
    expect(containerDrift(unlimited, declared)).toBe("its memory limit was 0 MiB");
    expect(containerDrift(unlimited, { ...declared, memoryLimit: false })).toBeUndefined();
  });

  it("is reported for every container once the network is missing, except for those in the host's network", () => {
    const network = { name: "observability-lab", id: undefined };
    expect(containerDrift(foundContainer(), { ...declared, networks: [network] })).toBe(
      "it was not on the network observability-lab",
    );
    expect(containerDrift(onNetworks({}), { ...declared, networks: [] })).toBeUndefined();
  });
});

describe("the drift of a dashboard", () => {
  it.each<[string, FoundGrafana | undefined, number | undefined, string | undefined]>([
    ["is none where its version is the one that the lab saved", HOLDINGS, 1, undefined],
    ["is that somebody saved another one since", HOLDINGS, 3, "it was edited in Grafana, version 1"],
    ["is that it is gone", { ...HOLDINGS, dashboards: new Map() }, 1, MISSING],
    [
      "is that no version is noted, as it may have been edited",
      HOLDINGS,
      undefined,
      "the record of its saved version is missing",
    ],
    [
      "is that it was saved in another schema",
      { ...HOLDINGS, dashboards: new Map([["node", "schema v2"]]) },
      1,
      "it was saved in Grafana in the new schema (version 2)",
    ],
    [
      "is that it was saved in another schema, whatever is noted",
      { ...HOLDINGS, dashboards: new Map([["node", "schema v2"]]) },
      undefined,
      "it was saved in Grafana in the new schema (version 2)",
    ],
    [
      "is unknown for one that Grafana does not return",
      { ...HOLDINGS, dashboards: new Map([["node", "unknown"]]) },
      undefined,
      undefined,
    ],
    ["is unknown if Grafana does not respond", undefined, 1, undefined],
  ])("%s", (_, found, saved, expected) => {
    expect(dashboardDrift("node", found, saved)).toBe(expected);
  });

  it("is detected by the version recorded in the lab's folder, which may be missing", () => {
    const folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "lab-notes-")), "lab");
    try {
      expect(savedVersions(folder)).toStrictEqual(new Map());
      recordVersion(folder, "a/b", 6);
      recordVersion(folder, "a/b", 7);
      recordVersion(folder, "a", 1);
      expect(savedVersions(folder)).toStrictEqual(new Map(Object.entries({ a: 1, "a/b": 7 })));
      expect(fs.statSync(folder).mode & 0o077).toBe(0);
      recordVersion(folder, "cut short", NaN);
      expect(savedVersions(folder).has("cut short")).toBe(false);
    } finally {
      fs.rmSync(path.dirname(folder), { recursive: true });
    }
  });
});

describe("the drift of the datasource", () => {
  it.each([
    ["is unknown if Grafana does not respond", undefined, undefined],
    ["is that it is gone", { ...HOLDINGS, datasource: undefined }, MISSING],
    ["is none of a sound one", HOLDINGS, undefined],
    ["is another URL", { ...HOLDINGS, datasource: { ...DATASOURCE, url: "http://x" } }, 'its url was "http://x"'],
    [
      "is that it is no longer the default",
      { ...HOLDINGS, datasource: { ...DATASOURCE, isDefault: false } },
      "its isDefault was false",
    ],
  ])("%s", (_, found, expected) => {
    expect(datasourceDrift(found, DATASOURCE)).toBe(expected);
  });
});
