import * as fc from "fast-check";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { stringify } from "yaml";
import { PUBLISHED } from "../../lib/settings/services";
import { randomPort, StandIns, Substituted } from "../../tools/pull-request/standIns";
import { PROJECT } from "../support/fixtures";

const PREFIX = "preview-0a1b2c3d-";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-standIns-"));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

/** A standIns whose stand-ins are these, in turn. */
function standInsOf(ports: readonly number[] = [], subnets: readonly string[] = []): StandIns {
  const [nextPort, nextSubnet] = [ports.values(), subnets.values()];
  const next = <T>(values: Iterator<T, undefined>): T => {
    const { value } = values.next();
    if (value === undefined) {
      throw new Error("no stand-in is left");
    }
    return value;
  };
  return new StandIns(PREFIX, {
    freePort: () => Promise.resolve(next(nextPort)),
    freeSubnet: () => next(nextSubnet),
  });
}

/** What a checkout with these settings, and these in its stack's file, gets. */
async function settings(
  standIns: StandIns,
  schema: Readonly<Record<string, unknown>>,
  stack: Readonly<Record<string, unknown>> = {},
): Promise<Substituted> {
  const declarations = Object.entries(schema).map(([key, value]) => [key, { default: value }] as const);
  const declared = Object.entries(stack).map(([key, value]) => [`observability-lab:${key}`, value] as const);
  const config = { namePrefix: {}, ...Object.fromEntries(declarations) };
  fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ config }));
  fs.writeFileSync(path.join(folder, "Pulumi.dev.yaml"), stringify({ config: Object.fromEntries(declared) }));
  return standIns.settingsOf(folder, "dev");
}

describe("the settings of a preview's lab", () => {
  it("replace names, ports and subnets, and keep everything else as declared", async () => {
    const standIns = standInsOf([20_001, 20_001, 20_002], ["172.29.1.0/24", "172.29.2.0/24"]);
    const subnets = { subnet: "172.30.90.0/24", overlaySubnet: "10.90.0.0/20" };
    const schema = { grafanaPort: 3000, flaskPort: "5000", ...subnets, retention: "7d", keepData: true };
    expect(await settings(standIns, schema, { namePrefix: "team-", grafanaPort: 3001 })).toStrictEqual({
      config: {
        namePrefix: `${PREFIX}team-`,
        grafanaPort: 20_001,
        flaskPort: 20_002,
        subnet: "172.29.1.0/24",
        overlaySubnet: "172.29.2.0/24",
      },
      secrets: {},
    });
  });

  it("are the same for the same declared values, in another checkout too", async () => {
    const standIns = standInsOf([20_001, 20_002], ["172.29.1.0/24", "172.29.2.0/24"]);
    const base = await settings(standIns, { grafanaPort: 3000, subnet: "10.0.0.0/24" });
    expect(await settings(standIns, { grafanaPort: "3000", subnet: "10.0.0.0/24" })).toStrictEqual(base);
    const head = await settings(standIns, { grafanaPort: 3001, subnet: "10.0.0.0/28" });
    expect(head.config).toMatchObject({ grafanaPort: 20_002, subnet: "172.29.2.0/24" });
  });

  it("leave rejected values to be rejected", async () => {
    const schema = { grafanaPort: 0, flaskPort: "http", cadvisorPort: 65_536, subnet: "10.0.0.0/8" };
    expect((await settings(standInsOf(), schema)).config).toStrictEqual({ namePrefix: PREFIX });
    expect((await settings(standInsOf(), { subnet: "$&" }, { subnet: ["x"] })).config).toStrictEqual({
      namePrefix: PREFIX,
    });
  });

  it("include only those that the checkout declares", async () => {
    const { config, secrets } = await settings(standInsOf(), {}, { grafanaPort: 1, alertWebhook: "http://real" });
    expect([config, secrets]).toStrictEqual([{ namePrefix: PREFIX }, {}]);
  });

  it("have a different secret for a different ciphertext, and no secret of the checkout", async () => {
    const standIns = standInsOf();
    const of = async (secure: string): Promise<string | undefined> =>
      (await settings(standIns, { grafanaAdminPassword: "" }, { grafanaAdminPassword: { secure } })).secrets
        .grafanaAdminPassword;
    const [one, same, other] = [await of("v1:a"), await of("v1:a"), await of("v1:b")];
    expect(one).toMatch(/^[0-9a-f]{24}$/);
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });

  const NOBODY = /^http:\/\/nobody\.invalid\/[0-9a-f]{24}$/;

  it("send no alert to a declared receiver", async () => {
    const stack = { alertWebhook: { secure: "v1:hook" } };
    const { config, secrets } = await settings(standInsOf(), { alertWebhook: "" }, stack);
    expect(config).not.toHaveProperty("alertWebhook");
    expect(secrets.alertWebhook).toMatch(NOBODY);
  });

  it("send no alert to a receiver declared in plain text, and leave that to be rejected", async () => {
    const stack = { alertWebhook: "https://real.example.org/hook" };
    const { config, secrets } = await settings(standInsOf(), { alertWebhook: "" }, stack);
    expect(secrets).not.toHaveProperty("alertWebhook");
    expect(config.alertWebhook).toMatch(NOBODY);
  });

  it("send no alert to a receiver that Pulumi.yaml itself names", async () => {
    for (const declaration of [{ default: "https://x" }, { value: "https://x" }, "https://x"]) {
      const config = { namePrefix: {}, alertWebhook: declaration };
      fs.writeFileSync(path.join(folder, "Pulumi.yaml"), stringify({ config }));
      const { config: own } = await standInsOf().settingsOf(folder, "dev");
      expect(own.alertWebhook).toMatch(NOBODY);
    }
    expect((await settings(standInsOf(), { alertWebhook: "" })).secrets).toStrictEqual({});
  });

  it("send no sample to a declared receiver, and show the declared one", async () => {
    const standIns = standInsOf();
    const remoteWrite = [
      { url: "https://real.example.org/a", username: "lab", password: { secure: "v1:a" } },
      { url: "https://real.example.org/b", bearerToken: { secure: "v1:b" } },
      { url: { secure: "v1:c" } },
    ];
    const base = await settings(standIns, { remoteWrite: [] }, { remoteWrite });
    const url = expect.stringMatching(/^http:\/\/[a-p]{24}\.invalid$/) as string;
    expect(base.config).toStrictEqual({
      namePrefix: PREFIX,
      remoteWrite: [{ username: "lab", url }, { url }, { url }],
    });
    const secret = expect.stringMatching(/^[0-9a-f]{24}$/) as string;
    expect(base.secrets).toStrictEqual({ "remoteWrite[0].password": secret, "remoteWrite[1].bearerToken": secret });
    expect(JSON.parse(standIns.restore(JSON.stringify(base.config.remoteWrite)))).toStrictEqual([
      { username: "lab", url: "https://real.example.org/a" },
      { url: "https://real.example.org/b" },
      { url: "[secret]" },
    ]);
    expect(await settings(standIns, { remoteWrite: [] }, { remoteWrite })).toStrictEqual(base);
    expect((await settings(standIns, { remoteWrite: [] })).config).not.toHaveProperty("remoteWrite");
  });

  it("leave a rejected entry of remote write to be rejected", async () => {
    const { config } = await settings(standInsOf(), { remoteWrite: [] }, { remoteWrite: ["https://real"] });
    expect(config.remoteWrite).toStrictEqual(["https://real"]);
  });

  it("are rejected for a checkout whose lab would have the names of another", async () => {
    for (const content of ["config: {grafanaPort: {default: 3000}}", "name: observability-lab"]) {
      fs.writeFileSync(path.join(folder, "Pulumi.yaml"), content);
      await expect(standInsOf().settingsOf(folder, "dev")).rejects.toThrow("it has no setting namePrefix");
    }
  });

  it("are absent for files that the program itself rejects", async () => {
    expect(await standInsOf().settingsOf(folder, "dev")).toStrictEqual({ config: {}, secrets: {} });
    fs.writeFileSync(path.join(folder, "Pulumi.yaml"), "config: [");
    expect(await standInsOf().settingsOf(folder, "dev")).toStrictEqual({ config: {}, secrets: {} });
  });

  it("cover every port and name of this checkout", async () => {
    let [port, subnet] = [20_000, 0];
    const allocator = {
      freePort: () => Promise.resolve(++port),
      freeSubnet: () => `172.29.${String(++subnet)}.0/24`,
    };
    const { config } = await new StandIns(PREFIX, allocator).settingsOf(PROJECT, "dev");
    expect(Object.keys(config).filter((key) => !key.endsWith("Port"))).toStrictEqual([
      "namePrefix",
      "subnet",
      "overlaySubnet",
    ]);
    expect(Object.keys(config).filter((key) => key.endsWith("Port"))).toHaveLength(PUBLISHED.length + 1);
  });
});

describe("a text of a preview's lab", () => {
  const declared = { grafanaPort: 3000, flaskPort: 20_001, cadvisorPort: 8080 };
  let standIns: StandIns;

  beforeEach(async () => {
    // the stand-in for Grafana is the port that is declared for Flask
    standIns = standInsOf([20_001, 20_002, 20_003], ["172.29.1.0/24", "172.29.11.0/24"]);
    await settings(standIns, { ...declared, subnet: "10.1.2.16/28" });
    await settings(standIns, { subnet: "172.29.1.0/24" });
  });

  it.each([
    ["http://localhost:20001/", "http://localhost:3000/"],
    ["20001, 20002", "3000, 20001"],
    ['{"external":20003,"text":"a\\n20003"}', '{"external":8080,"text":"a\\n8080"}'],
    [`"${PREFIX}team-grafana"`, '"team-grafana"'],
    ["120001 200012 1.20001 20001.5", "120001 200012 1.20001 20001.5"],
    ["172.29.1.0/24 172.29.1.1 http://172.29.1.14:20003.", "10.1.2.16/28 10.1.2.17 http://10.1.2.30:8080."],
    ["172.29.11.0/24 172.29.11.7/24 172.29.11.7/32", "172.29.1.0/24 172.29.1.7/24 172.29.1.7/32"],
    ["172.29.111.1 172.30.1.0/24 1.172.29.1.1 172.29.1.999", "172.29.111.1 172.30.1.0/24 1.172.29.1.1 172.29.1.999"],
    ["", ""],
  ])("%j reads %j", (text, shown) => {
    expect(standIns.restore(text)).toBe(shown);
  });

  it("reads as if the lab had been made with the declared settings", () => {
    const word = fc.constantFrom<[string, string]>(
      [`${PREFIX}grafana`, "grafana"],
      ["20001", "3000"],
      ["20002", "20001"],
      ["172.29.1.0/24", "10.1.2.16/28"],
      ["172.29.1.5", "10.1.2.21"],
      ["172.29.11.5", "172.29.1.5"],
      ["word", "word"],
      ["9.5", "9.5"],
    );
    const between = fc.constantFrom(" ", ":", "\\n", '"', ", ", "/ ", "=");
    fc.assert(
      fc.property(fc.array(fc.tuple(word, between)), (parts) => {
        const made = (side: 0 | 1): string => parts.map(([pair, gap]) => pair[side] + gap).join("");
        expect(standIns.restore(made(0))).toBe(made(1));
      }),
    );
  });
});

it("a random port is used neither by the labs of the tests nor by the operating system", () => {
  const ports = Array.from({ length: 1000 }, randomPort);
  expect(Math.min(...ports)).toBeGreaterThanOrEqual(30_000);
  expect(Math.max(...ports)).toBeLessThan(32_768);
});
