import * as fs from "node:fs";
import * as net from "node:net";
import * as path from "node:path";
import { configure, createTestLab, docker, labelled, removeTestLab, TestLab } from "../support/harness";
import { serve } from "../support/servers";

jest.setTimeout(300_000);

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

/** What needs a server or a container besides; the rest is in tests/recovery/badInputs.ts. */
describe("up refuses, before anything is created,", () => {
  it("a port that another program holds, and suggests a free one", async () => {
    const port = lab.ports.grafanaPort;
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
    try {
      const output = await refusal({});
      expect(output).toContain("1 problem, nothing was changed:");
      expect(output).toMatch(
        new RegExp(
          `- grafanaPort = ${String(port)}: is in use by another program .*set grafanaPort to a free port such as \\d+`,
        ),
      );
    } finally {
      server.close();
    }
  });

  it("a container of somebody else with the lab's name, and leaves it alone", async () => {
    const image = (await lab.stack.getConfig("pushgatewayImage")).value;
    const id = docker("create", "--name", `${lab.prefix}grafana`, image);
    try {
      expect(await refusal({})).toContain(
        `a container named ${lab.prefix}grafana exists and does not belong to this lab`,
      );
      expect(docker("inspect", "--format", "{{.Id}}", `${lab.prefix}grafana`)).toBe(id);
    } finally {
      docker("rm", id);
    }
  });

  it("a catalogue that does not respond", async () => {
    const entry = [{ id: 1860, revision: 45, sha256: "0".repeat(64) }];
    const output = await refusal({ dashboardCatalogue: "http://127.0.0.1:9", communityDashboards: entry });
    expect(output).toContain('dashboardCatalogue = "http://127.0.0.1:9": does not provide dashboard 1860 revision 45');
    expect(output).toContain("check the connection, or set a folder of <id>_rev<revision>.json");
  });

  it.each([
    ["a dashboard that the catalogue does not know", {}, "has no dashboard 4711; check the id"],
    [
      "a revision that does not exist",
      { "/4711": { body: JSON.stringify({ revision: 2 }) } },
      "has no revision 3 of dashboard 4711, its newest is 2; set a revision that it has",
    ],
  ])("%s", async (_, responses, expected) => {
    const catalogue = await serve(responses);
    const communityDashboards = [{ id: 4711, revision: 3, sha256: "0".repeat(64) }];
    try {
      const output = await refusal({ dashboardCatalogue: catalogue.url, communityDashboards });
      expect(output).toContain("nothing was changed:");
      expect(output).toContain(`- communityDashboards = {"id":4711,"revision":3,`);
      expect(output).toContain(`${catalogue.url} ${expected}`);
    } finally {
      await catalogue.close();
    }
  });

  it("a dashboard that needs another datasource", async () => {
    const dashboardCatalogue = path.join(lab.folder, "catalogue");
    const dashboard = { panels: [{ targets: [{ datasource: { type: "loki", uid: "abc" } }] }] };
    fs.mkdirSync(dashboardCatalogue);
    fs.writeFileSync(path.join(dashboardCatalogue, "4711_rev3.json"), JSON.stringify(dashboard));
    const output = await refusal({ dashboardCatalogue, communityDashboards: [{ id: 4711, revision: 3 }] });
    expect(output).toContain("nothing was changed:");
    expect(output).toMatch(
      /- communityDashboards = {"id":4711,"revision":3}: dashboard 4711 needs a datasource of type loki, .*; take it out/,
    );
  });
});
