import { Secret } from "@pulumi/policy";
import { runtime } from "@pulumi/pulumi";
import { Command, removable } from "../../policy/commands";
import type { Subject } from "../../policy/policies";
import { plainSecrets } from "../../policy/secrets";
import { labPolicies } from "../../policy/policies";

const URN = "urn:pulumi:test::observability-lab::observability-lab:components:Lab$command:local:Command::flask-process";
const COMMAND: Subject = { type: "command:local:Command", name: "flask-process", urn: URN };
const CONTAINER: Subject = { type: "docker:index/container:Container", name: "grafana-container", urn: URN };

describe("a command that starts something that stays", () => {
  it.each<[string, Command]>([
    ["nothing stays", { create: 'sh -c "$CREATE"', environment: { CREATE: "true && ls >/dev/null 2>&1 || :" } }],
    ["a URL has parameters", { create: "wget -q 'http://127.0.0.1/?a=1&b=2'" }],
    ["only a comment speaks of it", { create: "# no setsid here\n  # nor an & at the end &\n:" }],
    ["a delete ends it", { create: "setsid sleep 9 >log 2>&1 &", delete: "pkill sleep" }],
    ["what it does not run speaks of it", { create: ":", environment: { DELETE: "nohup sleep 9 &" } }],
  ])("is none where %s", (_, command) => {
    expect(removable(command, COMMAND)).toStrictEqual([]);
  });

  it.each<[string, Command, string]>([
    ["setsid", { create: "setsid ./app" }, "setsid"],
    ["nohup in an update", { create: ":", update: "nohup ./app", delete: "" }, "nohup"],
    ["&", { create: "./app >log 2>&1 &" }, "&"],
    ["& amid a line", { create: "(./app &) && echo started" }, "&"],
    ["a script in a variable", { create: 'sh -c "$CREATE"', environment: { CREATE: "cd /\n./app&\n" } }, "&"],
    [
      "Python",
      { create: 'python3 -c "$APP"', environment: { APP: "Popen(a, start_new_session=True)" } },
      "start_new_session",
    ],
  ])("needs a delete: %s", (_, command, found) => {
    expect(removable(command, COMMAND)).toStrictEqual([
      `flask-process leaves a process behind (${found}), which would stay when the lab is destroyed. ` +
        "Give it a delete that ends the process, as the Flask app has.",
    ]);
  });
});

describe("secrets in a container's environment", () => {
  it("may be the name of a file", () => {
    const envs = [
      "GF_SECURITY_ADMIN_PASSWORD=$__file{/lab/admin_password}",
      "GF_DATABASE_PASSWORD__FILE=/run/secrets/database",
      "GF_SECURITY_DISABLE_GRAVATAR=true",
      "GF_SERVER_ROOT_URL=http://127.0.0.1:3000/",
      "GF_AUTH_TOKEN=",
    ];
    expect(plainSecrets({ envs }, CONTAINER)).toStrictEqual([]);
    expect(plainSecrets({ image: "grafana/grafana:13.2.2" }, CONTAINER)).toStrictEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["by its name", ["GF_SECURITY_ADMIN_PASSWORD=hunter2"], "GF_SECURITY_ADMIN_PASSWORD"],
    ["in a URL", ["GF_DATABASE_URL=mysql://grafana:hunter2@db/grafana"], "GF_DATABASE_URL"],
    ["marked as one, whatever its name", [new Secret("HARMLESS=hunter2")], "HARMLESS"],
    ["all of them marked", new Secret(["HARMLESS=hunter2"]), "envs"],
  ])("are told: %s", (_, envs, variable) => {
    expect(plainSecrets({ envs }, CONTAINER)).toStrictEqual([
      `grafana-container: a secret is in the environment (${variable}), where everybody reads it who may inspect ` +
        "the container. Upload it as a file (uploads of LabContainer) and name that, as in " +
        "GF_SECURITY_ADMIN_PASSWORD__FILE.",
    ]);
  });
});

describe("secrets in a command's environment", () => {
  it("may be marked as secrets, or not be known yet", () => {
    const environment = {
      GRAFANA_PASSWORD: new Secret("hunter2"),
      GRAFANA_TOKEN: runtime.unknownValue,
      GRAFANA_URL: "http://127.0.0.1:3000",
    };
    expect(plainSecrets({ environment }, COMMAND)).toStrictEqual([]);
    expect(plainSecrets({ environment: new Secret({ GRAFANA_PASSWORD: "hunter2" }) }, COMMAND)).toStrictEqual([]);
    expect(plainSecrets({ create: ":" }, COMMAND)).toStrictEqual([]);
  });

  it("may not be plain", () => {
    expect(plainSecrets({ environment: { GRAFANA_PASSWORD: "hunter2" } }, COMMAND)).toStrictEqual([
      "flask-process: the variable GRAFANA_PASSWORD holds a secret in plain text, which the state and every output " +
        "would show. Wrap it in pulumi.secret, and set what it comes from with --secret.",
    ]);
  });

  it("are not passed over where an engine does not show what is secret", () => {
    const policy = labPolicies({ bindAddress: () => "127.0.0.1", sockets: () => Promise.resolve([]) }).find(
      ({ name }) => name === "secrets-not-in-environment",
    );
    const validate = [policy?.validateResource ?? []].flat()[0];
    expect(() => validate?.({ ...COMMAND, props: {} } as Parameters<typeof validate>[0], () => undefined)).toThrow(
      `this engine did not show which properties of ${URN} are secret`,
    );
  });
});
