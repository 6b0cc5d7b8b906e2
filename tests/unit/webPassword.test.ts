import { compareSync } from "bcryptjs";
import { parse } from "yaml";
import { passwordPrograms, renderWebConfig } from "../../components/container/webPassword";
import { buildLab, settingsWith } from "../support/fixtures";
import { Registration } from "../support/mocks";
import { DATASOURCE, foundContainer, HOLDINGS } from "../support/observedLabs";

const PASSWORD = "hunter2hunter2";
const HOOK = "http://127.0.0.1:1/hook";

function named(registrations: readonly Registration[], name: string): Registration {
  const found = registrations.find((it) => it.name === name);
  if (found === undefined) {
    throw new Error(`there is no ${name}`);
  }
  return found;
}

/** Names of the containers that ask for the password. */
function closed(registrations: readonly Registration[]): string[] {
  return registrations
    .filter(({ inputs }) => (inputs.command as string[] | undefined)?.includes("--web.config.file=/lab/web.yml"))
    .map(({ inputs }) => String(inputs.name));
}

describe("the password of the programs", () => {
  it("is required by all programs that can if it is set, and always by Alertmanager, and in the host's network", () => {
    const set = settingsWith({ webPassword: PASSWORD });
    expect([...passwordPrograms(set)]).toStrictEqual(["prometheus", "node_exporter", "pushgateway"]);
    expect([...passwordPrograms({ ...set, engine: "swarm" })]).not.toContain("node_exporter");
    expect([...passwordPrograms(settingsWith())]).toStrictEqual([]);
    const alerted = settingsWith({ alertWebhook: "https://a.example/b", nodeExporterNetwork: "host" });
    expect([...passwordPrograms(alerted)]).toStrictEqual(["node_exporter", "alertmanager"]);
  });

  it("is in a file of Prometheus, and as a hash of bcrypt in those of the programs", () => {
    const { basic_auth_users: users } = parse(renderWebConfig(PASSWORD)) as { basic_auth_users: { admin: string } };
    expect(users.admin).toMatch(/^\$2[aby]\$10\$/);
    expect(compareSync(PASSWORD, users.admin)).toBe(true);
  });

  it("is nowhere but in secrets, and its derivatives in no input at all", async () => {
    const { registrations } = await buildLab({
      settings: { webPassword: PASSWORD, alertWebhook: "https://a.example/b" },
    });
    expect(closed(registrations).sort()).toStrictEqual(["alertmanager", "node_exporter", "prometheus", "pushgateway"]);
    for (const { name, inputs, secretInputs } of registrations) {
      const text = (value: unknown): string => JSON.stringify(value);
      const holding = Object.keys(inputs).filter((key) => text(inputs[key]).includes(PASSWORD));
      expect([name, holding.filter((key) => !secretInputs.includes(key))]).toStrictEqual([name, []]);
      expect(text(inputs)).not.toContain(Buffer.from(`admin:${PASSWORD}`).toString("base64"));
      expect(text(inputs)).not.toContain("$2b$");
    }
    expect(named(registrations, "ansible-run").inputs.environment).toMatchObject({ PUSHGATEWAY_PASSWORD: PASSWORD });
    expect(named(registrations, "prometheus-config-files").inputs.triggers).toContainEqual({
      file: "web_password",
      content: PASSWORD,
    });
  });

  it("is also Grafana's, for its queries to Prometheus", async () => {
    const { registrations } = await buildLab({ settings: { webPassword: PASSWORD } });
    const { inputs, secretInputs } = named(registrations, "grafana-datasource");
    expect(inputs).toMatchObject({
      basicAuthEnabled: true,
      basicAuthUsername: "admin",
      secureJsonDataEncoded: JSON.stringify({ basicAuthPassword: PASSWORD }),
    });
    expect(secretInputs).toContain("secureJsonDataEncoded");
  });

  it.each([
    [{ ...DATASOURCE, basicAuth: false, basicAuthUser: "" }, {}, "its basicAuth was false"],
    [
      { ...DATASOURCE, basicAuth: true, basicAuthUser: "admin" },
      { passwordRejected: true as const },
      "its password was different",
    ],
    [{ ...DATASOURCE, basicAuth: true, basicAuthUser: "admin" }, {}, "declared"],
  ])("is given to Grafana again if it was edited: %j %j", async (datasource, more, reason) => {
    const prometheus = foundContainer({ files: new Map([["web.yml", ""]]) });
    const grafana = { password: undefined, found: { ...HOLDINGS, datasource, ...more } };
    const observed = { grafana, containers: new Map([["prometheus", prometheus]]) };
    const { registrations } = await buildLab({ settings: { webPassword: PASSWORD }, observed });
    expect(String(named(registrations, "grafana-datasource").inputs.databaseName)).toContain(reason);
  });

  it("is made once for the programs in the host's network if none is set", async () => {
    const { registrations } = await buildLab({ settings: { nodeExporterNetwork: "host", alertWebhook: HOOK } });
    expect(closed(registrations).sort()).toStrictEqual(["alertmanager", "node_exporter"]);
    expect(named(registrations, "web-generated-password").secretOutputs).toContain("stdout");
    expect(named(registrations, "grafana-datasource").inputs).not.toHaveProperty("basicAuthEnabled");
    expect(named(registrations, "ansible-run").inputs.environment).not.toHaveProperty("PUSHGATEWAY_PASSWORD");
  });

  it("is neither made nor required in a lab with nothing in the host's network", async () => {
    const { registrations } = await buildLab();
    expect(closed(registrations)).toStrictEqual([]);
    expect(registrations.map(({ name }) => name)).not.toContain("web-generated-password");
  });
});
