import { runtime } from "@pulumi/pulumi";
import { checkArguments, Command, checkCommand, checkRemoval } from "../../policy/commands";
import { enginePolicies } from "../../policy/enginePolicies";
import { Hidden } from "../../policy/resource";
import { checkSecrets } from "../../policy/secrets";
import { containerOf, context, resource, subject } from "../support/policies";

const FLASK = ["observability-lab:workloads:FlaskApp"];
const COMMAND = subject(FLASK, "command:local:Command", "flask-process");
const PASSWORD = subject(["observability-lab:monitoring:Grafana"], "command:local:Command", "grafana-admin-password");
const CONTAINER = containerOf("Grafana", "grafana-container");

describe("a command that starts a lasting process", () => {
  it.each<[string, Command]>([
    ["nothing stays", { create: 'sh -c "$CREATE"', environment: { CREATE: "true && ls >/dev/null 2>&1 || :" } }],
    ["a URL has parameters", { create: "wget -q 'http://127.0.0.1/?a=1&b=2'" }],
    ["only a comment speaks of it", { create: "# no setsid here\n  # nor an & at the end &\n:" }],
    ["a delete ends it", { create: "setsid sleep 9 >log 2>&1 &", delete: "pkill sleep" }],
    ["what it does not run speaks of it", { create: ":", environment: { DELETE: "nohup sleep 9 &" } }],
  ])("is not detected if %s", (_, command) => {
    expect(checkRemoval(command, COMMAND)).toStrictEqual([]);
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
    [
      "a script that a script names",
      { create: 'sh -c "$CREATE"', environment: { CREATE: "python3 - <<E\n$START\nE\n", START: "setsid()\n$CREATE" } },
      "setsid",
    ],
  ])("needs a delete: %s", (_, command, found) => {
    expect(checkRemoval(command, COMMAND)).toStrictEqual([
      `flask-process starts a background process (${found}), which would keep running after destroy. ` +
        "Add a delete command that ends it, as flask-process has.",
    ]);
  });
});

describe("a command on the host", () => {
  const TWO = context([], { namePrefix: "two-" });
  const { asset } = TWO;
  const text = (...files: string[]): string => files.map((file) => asset(file) ?? "").join("");
  const APP: Command = {
    create: 'sh -c "$CREATE"',
    delete: 'sh -c "$DELETE"',
    stdin: text("flask/app.py"),
    environment: {
      CREATE: text("flask/process.sh", "flask/start.sh"),
      START: text("flask/start.py"),
      DELETE: text("flask/process.sh", "flask/stop.sh"),
      LAB: "two-observability-lab",
      LISTEN: "127.0.0.1:5000 172.30.90.1:5000,172.30.90.0/24",
      HEALTH: "127.0.0.1:5000",
    },
  };

  it("is accepted if it is one of the lab's, with the scripts of the checkout", () => {
    for (const file of ["flask/start.sh", "flask/start.py"]) {
      expect(text(file).length).toBeGreaterThan(100);
    }
    expect(checkCommand(APP, COMMAND, TWO)).toStrictEqual([]);
  });

  it("is named if it is new", () => {
    const whose = subject([], "command:local:Command", "miner");
    expect(checkCommand({ create: "docker run --privileged evil" }, whose, context())).toStrictEqual([
      "miner is not an allowed command; it would run on this machine as the user who runs up. Put its " +
        "script into a file in assets/; if the lab needs it, add an entry named miner to COMMANDS in policy/allowed.ts.",
    ]);
  });

  it.each<[string, Partial<Command>, string]>([
    [
      "create",
      { create: "docker run --privileged evil" },
      'flask-process: create is not the allowed command (sh -c "$CREATE")',
    ],
    ["update", { update: 'sh -c "$CREATE"' }, "flask-process: update is not the allowed command (none)"],
    ["delete", { delete: "rm -rf ~" }, 'flask-process: delete is not the allowed command (sh -c "$DELETE")'],
    ["stdin", { stdin: `${APP.stdin ?? ""}\nimport os` }, "flask-process: stdin differs from assets/flask/app.py"],
    [
      "a script",
      { environment: { ...APP.environment, CREATE: "docker run --privileged evil" } },
      "flask-process: CREATE differs from assets/flask/process.sh and assets/flask/start.sh",
    ],
    [
      "a script of a script",
      { environment: { ...APP.environment, START: "import os" } },
      "flask-process: START differs from assets/flask/start.py",
    ],
    [
      "a variable",
      { environment: { ...APP.environment, PATH: "/tmp" } },
      "flask-process: the variable PATH or its value is not allowed",
    ],
    [
      "the value of one",
      { environment: { ...APP.environment, LAB: "../observability-lab" } },
      "flask-process: the variable LAB or its value is not allowed",
    ],
  ])("is rejected with another %s", (_, changes, message) => {
    expect(checkCommand({ ...APP, ...changes }, COMMAND, TWO)).toStrictEqual([expect.stringContaining(message)]);
  });
});

describe("the command of a container", () => {
  const prometheus = resource(containerOf("Prometheus", "prometheus-container"), {});

  it("has the arguments that the lab passes", () => {
    const command = ["--storage.tsdb.retention.time=7d", "--web.cors.origin="];
    expect(checkArguments({ image: "i", command }, prometheus, context())).toStrictEqual([]);
    expect(
      checkArguments({ image: "i", command: [...command, "--web.password=hunter2"] }, prometheus, context()),
    ).toStrictEqual([
      "prometheus-container: the argument --web.password= or its value is not allowed, and everyone who may inspect the " +
        'container can read it. Put a secret into a file; if the program needs the argument, add "--web.password=" to the command of ' +
        "prometheus-container in CONTAINERS in policy/allowed.ts.",
    ]);
  });
});

describe("secrets in a container", () => {
  const violationsOf = (marked: Record<string, unknown>): readonly string[] =>
    checkSecrets(resource(CONTAINER, marked), context());

  it("are accepted in a file that is named", () => {
    const envs = ["GF_SECURITY_ADMIN_PASSWORD=$__file{/lab/admin_password}", "GF_SECURITY_DISABLE_GRAVATAR=true"];
    expect(violationsOf({ envs })).toStrictEqual([]);
    expect(violationsOf({ image: "grafana/grafana:13.2.2", envs: undefined })).toStrictEqual([]);
  });

  it.each<[string, unknown, string]>([
    ["by its name", ["GF_SECURITY_ADMIN_PASSWORD=hunter2"], "GF_SECURITY_ADMIN_PASSWORD"],
    ["in a URL", ["GF_DATABASE_URL=mysql://grafana:hunter2@db/grafana"], "GF_DATABASE_URL"],
    ["marked as one, whatever its name", [new Hidden("HARMLESS=hunter2")], "HARMLESS"],
    ["all of them marked", new Hidden(["HARMLESS=hunter2"]), "HARMLESS"],
  ])("are rejected in its environment: %s", (_, envs, variable) => {
    expect(violationsOf({ envs })).toStrictEqual([
      `grafana-container: the environment variable ${variable} contains a secret, which everyone who may inspect the ` +
        "container can read. Upload it as a file (uploads of LabContainer) and refer to it, as " +
        "GF_SECURITY_ADMIN_PASSWORD does with $__file{…}.",
    ]);
  });

  it.each(["HARMLESS=hunter2", "GF_LOG_LEVEL=hunter2", "constructor=hunter2"])(
    "are reported as not allowed: %s",
    (variable) => {
      expect(violationsOf({ envs: [variable] })).toStrictEqual([
        `grafana-container: the environment variable ${variable.split("=")[0] ?? ""} or its value is not allowed, and ` +
          "everyone who may inspect the container can read it. Put a secret into a file; if the program needs the " +
          `variable, add ${variable.split("=")[0] ?? ""} to the envs of grafana-container in CONTAINERS in ` +
          "policy/allowed.ts.",
      ]);
    },
  );

  it.each([
    ["a label", { labels: [{ label: "observability-lab.reason", value: new Hidden("hunter2") }] }, "labels.0.value"],
    ["its command", { command: [new Hidden("--token=hunter2")] }, "command.0"],
    ["all of its command", { command: new Hidden(["--token=hunter2"]) }, "command.0"],
    ["its health check", { healthcheck: { tests: ["CMD", new Hidden("hunter2")] } }, "healthcheck.tests.1"],
  ])("are rejected in %s", (_, marked, place) => {
    expect(violationsOf(marked)).toStrictEqual([
      `grafana-container: ${place} contains a secret, which everyone who may inspect the container can read. Upload it ` +
        "as a file (uploads of LabContainer), or pass it in a property listed in SECRETS in policy/properties.ts.",
    ]);
  });

  it("are rejected in a URL of its health check", () => {
    expect(
      violationsOf({ healthcheck: { tests: ["CMD", "wget", "http://admin:hunter2@127.0.0.1:3000/"] } }),
    ).toStrictEqual([
      "grafana-container: healthcheck.tests.2 is a URL with a password, which everyone who may inspect the " +
        "container can read. Upload it as a file (uploads of LabContainer).",
    ]);
  });
});

describe("secrets in a command's environment", () => {
  const violationsOf = (marked: Record<string, unknown>): readonly string[] =>
    checkSecrets(resource(PASSWORD, marked), context());

  it("are accepted if marked as secrets, or not known yet", () => {
    const environment = { GRAFANA_PASSWORD: new Hidden("hunter2"), GRAFANA_URL: "http://127.0.0.1:3000" };
    expect(violationsOf({ environment })).toStrictEqual([]);
    expect(violationsOf({ environment: { GRAFANA_PASSWORD: runtime.unknownValue } })).toStrictEqual([]);
    expect(violationsOf({ environment: new Hidden({ GRAFANA_PASSWORD: "hunter2" }) })).toStrictEqual([]);
    expect(violationsOf({ create: ":" })).toStrictEqual([]);
  });

  it("are rejected in plain text", () => {
    expect(violationsOf({ environment: { GRAFANA_PASSWORD: "hunter2" } })).toStrictEqual([
      "grafana-admin-password: the variable GRAFANA_PASSWORD holds a secret in plain text, which the state and the " +
        "output of Pulumi would show. Wrap it in pulumi.secret, and set its setting with --secret.",
    ]);
  });

  it("are rejected in printed output", () => {
    expect(violationsOf({ create: new Hidden("echo hunter2") })).toStrictEqual([
      "grafana-admin-password: create contains a secret, which others can read. Upload it as a file (uploads of " +
        "LabContainer), or pass it in a property listed in SECRETS in policy/properties.ts.",
    ]);
  });

  it("are rejected if the Pulumi engine does not mark secrets", async () => {
    const [policy] = enginePolicies(() => Promise.resolve(context()));
    const validate = [policy?.validateResource ?? []].flat()[0];
    const args = { ...COMMAND, props: {} } as Parameters<NonNullable<typeof validate>>[0];
    await expect(validate?.(args, () => undefined)).rejects.toThrow(
      `the Pulumi engine did not mark the secrets of ${COMMAND.urn}`,
    );
  });
});
