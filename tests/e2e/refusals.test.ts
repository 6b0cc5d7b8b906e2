import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { serve } from "../unit/servers";
import { configure, createTestLab, docker, labelled, removeTestLab, TestLab } from "./harness";

jest.setTimeout(60_000);

let lab: TestLab;

beforeAll(async () => {
  lab = await createTestLab("refused-", "172.30.94.0/24");
});

afterEach(() => {
  expect(labelled("container", lab.lab)).toEqual([]);
  expect(labelled("network", lab.lab)).toEqual([]);
  expect(labelled("volume", lab.lab)).toEqual([]);
  expect(fs.readdirSync(lab.stateHome)).toEqual([]);
});

afterAll(async () => {
  await removeTestLab(lab);
});

/** What `up` says when these settings make it refuse; afterwards they are as before. */
async function refusal(settings: Record<string, unknown>): Promise<string> {
  const file = path.join(lab.folder, "project", "Pulumi.e2e.yaml");
  const before = fs.readFileSync(file);
  configure(lab, settings);
  try {
    return await lab.stack.up().then(
      () => "nothing was refused",
      (error: unknown) => String(error),
    );
  } finally {
    fs.writeFileSync(file, before);
  }
}

describe("up refuses, before anything is created,", () => {
  it("all faults of the settings at once", async () => {
    const said = await refusal({
      grafanaPort: 99999,
      scrapeIntervall: "5s",
      retention: "long",
      prometheusImage: "prom/prometheus",
      bindAddress: "localhost",
      grafanaAdminPassword: "in plain text",
    });
    expect(said).toContain("6 faults, nothing was changed:");
    expect(said).toContain('- grafanaPort = "99999": must be a port from 1 to 65535; set one in this range');
    expect(said).toContain("- scrapeIntervall: is no setting of the lab; did you mean scrapeInterval?");
    expect(said).toContain('- retention = "long": is no duration above zero');
    expect(said).toContain('- prometheusImage = "prom/prometheus": needs a name with a fixed tag or a digest');
    expect(said).toContain('- bindAddress = "localhost": is no IPv4 address');
    expect(said).toContain("- grafanaAdminPassword: is in plain text; set it anew with pulumi config set --secret");
    expect(said).not.toContain('in plain text"');
  });

  it("a port that another program holds, and names a free one", async () => {
    const port = lab.ports.grafanaPort;
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      const said = await refusal({});
      expect(said).toContain("1 fault, nothing was changed:");
      expect(said).toMatch(
        new RegExp(
          `- grafanaPort = ${String(port)}: is in use by another program .*set grafanaPort to a free port such as \\d+`,
        ),
      );
    } finally {
      server.close();
    }
  });

  it("a container of the same name that is not the lab's, and leaves it alone", async () => {
    const image = (await lab.stack.getConfig("pushgatewayImage")).value;
    const id = docker("create", "--name", `${lab.prefix}grafana`, image);
    try {
      expect(await refusal({})).toContain(`a container named ${lab.prefix}grafana exists that is not this lab's`);
      expect(docker("inspect", "--format", "{{.Id}}", `${lab.prefix}grafana`)).toBe(id);
    } finally {
      docker("rm", id);
    }
  });

  it("a subnet that Docker uses already", async () => {
    expect(await refusal({ subnet: "172.17.0.0/24" })).toMatch(
      /- subnet = "172.17.0.0\/24": overlaps with Docker's network bridge/,
    );
  });

  it("a bind address of another machine", async () => {
    expect(await refusal({ bindAddress: "192.0.2.1" })).toContain(
      'bindAddress = "192.0.2.1": is no address of this machine',
    );
  });

  it("a catalogue that does not answer", async () => {
    const entry = [{ id: 1860, revision: 45, sha256: "0".repeat(64) }];
    const said = await refusal({ dashboardCatalogue: "http://127.0.0.1:9", communityDashboards: entry });
    expect(said).toContain('dashboardCatalogue = "http://127.0.0.1:9": does not give dashboard 1860 revision 45');
    expect(said).toContain("check the connection, or set a folder of <id>_rev<revision>.json");
  });

  it("a dashboard whose checksum differs", async () => {
    const entry = [{ id: 1860, revision: 45, sha256: "0".repeat(64) }];
    const said = await refusal({ dashboardCatalogue: "offline/catalogue", communityDashboards: entry });
    expect(said).toMatch(
      /communityDashboards = .*the catalogue's file has the sha256 [0-9a-f]{64}; look at what changed/,
    );
  });

  it.each([
    ["a dashboard that the catalogue does not know", {}, "has no dashboard 4711; check the id"],
    [
      "a revision that does not exist",
      { "/4711": { body: JSON.stringify({ revision: 2 }) } },
      "has no revision 3 of dashboard 4711, its newest is 2; set a revision that it has",
    ],
  ])("%s", async (_, answers, expected) => {
    const catalogue = await serve(answers);
    const communityDashboards = [{ id: 4711, revision: 3, sha256: "0".repeat(64) }];
    try {
      const said = await refusal({ dashboardCatalogue: catalogue.url, communityDashboards });
      expect(said).toContain("nothing was changed:");
      expect(said).toContain(`- communityDashboards = {"id":4711,"revision":3,`);
      expect(said).toContain(`${catalogue.url} ${expected}`);
    } finally {
      await catalogue.close();
    }
  });

  it.each([
    [
      "a file that is no dashboard",
      "<html>",
      /- dashboardCatalogue = ".*": gives no dashboard for 4711: the file is no JSON with panels; set a catalogue/,
    ],
    [
      "a dashboard that needs another datasource",
      JSON.stringify({ panels: [{ targets: [{ datasource: { type: "loki", uid: "abc" } }] }] }),
      /- communityDashboards = {"id":4711,"revision":3}: dashboard 4711 needs a datasource of type loki, .*; take it out/,
    ],
  ])("%s", async (_, text, expected) => {
    const dashboardCatalogue = path.join(lab.folder, "catalogue");
    fs.mkdirSync(dashboardCatalogue, { recursive: true });
    fs.writeFileSync(path.join(dashboardCatalogue, "4711_rev3.json"), text);
    const said = await refusal({ dashboardCatalogue, communityDashboards: [{ id: 4711, revision: 3 }] });
    expect(said).toContain("nothing was changed:");
    expect(said).toMatch(expected);
  });

  it.each([
    [
      "a Docker that does not run",
      { DOCKER_HOST: "unix:///nonexistent.sock" },
      "Docker does not answer at /nonexistent.sock",
    ],
    ["a Docker of another machine", { DOCKER_HOST: "ssh://elsewhere" }, "the lab needs the engine of this machine"],
    [
      "a machine without Python",
      { PYTHON: "no-such-python" },
      'python3 = "no-such-python": is missing, older than 3.10',
    ],
  ])("%s", async (_, variables, expected) => {
    const before = lab.stack.workspace.envVars;
    lab.stack.workspace.envVars = { ...before, ...variables };
    try {
      expect(await refusal({})).toContain(expected);
    } finally {
      lab.stack.workspace.envVars = before;
    }
  });
});
