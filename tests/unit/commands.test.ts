import { fingerprint, readAsset } from "../../lib/shared/assets";
import { buildLab } from "../support/fixtures";
import { Registration, resource, resourcesOf } from "../support/mocks";

let registrations: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
});

const INSTALL = readAsset("python", "install.sh");

/** Trigger of an environment: what runs in it has to start again when its folder is removed with it. */
function environmentOf(venv: string): string {
  return fingerprint(INSTALL, readAsset(venv, "requirements.txt"));
}

describe("command", () => {
  it.each(["flask", "ansible"])("%s-environment installs pinned packages and removes them", (venv) => {
    const requirements = readAsset(venv, "requirements.txt");
    expect(resource(registrations, `${venv}-environment`).inputs).toStrictEqual({
      create: 'sh -c "$CREATE"',
      delete: 'sh -c "$DELETE"',
      stdin: requirements,
      environment: {
        LAB: "observability-lab",
        VENV: venv,
        CREATE: INSTALL,
        DELETE: readAsset("python", "uninstall.sh"),
      },
      triggers: [environmentOf(venv), "declared"],
      logging: "none",
    });
  });

  it("flask-process starts the app on loopback and the gateway, and stops it", () => {
    const [create = "", stop] = ["start.sh", "stop.sh"].map(
      (it) => readAsset("flask", "process.sh") + readAsset("flask", it),
    );
    const [start, app] = [readAsset("flask", "start.py"), readAsset("flask", "app.py")];
    expect(resource(registrations, "flask-process").inputs).toStrictEqual({
      create: 'sh -c "$CREATE"',
      delete: 'sh -c "$DELETE"',
      stdin: app,
      environment: {
        LAB: "observability-lab",
        LISTEN: "127.0.0.1:5000 172.30.90.1:5000,172.30.90.0/24",
        HEALTH: "127.0.0.1:5000",
        START: start,
        CREATE: create,
        DELETE: stop,
      },
      triggers: [
        fingerprint(create, start, app, environmentOf("flask")),
        "127.0.0.1:5000 172.30.90.1:5000,172.30.90.0/24",
        "declared",
      ],
      logging: "none",
    });
  });

  it("ansible-run runs the playbook against the Pushgateway, and has nothing to remove", () => {
    const [run, playbook] = [readAsset("ansible", "run.sh"), readAsset("ansible", "monitor_playbook.yml")];
    expect(resource(registrations, "ansible-run").inputs).toStrictEqual({
      create: 'sh -c "$CREATE"',
      stdin: playbook,
      environment: { LAB: "observability-lab", PUSHGATEWAY_URL: "http://127.0.0.1:9091", CREATE: run },
      triggers: [fingerprint(run, playbook, environmentOf("ansible")), "declared"],
      logging: "none",
    });
  });

  it("grafana-admin-password sets the password of a running Grafana", () => {
    const script = readAsset("grafana", "admin-password.js");
    expect(resource(registrations, "grafana-admin-password").inputs).toStrictEqual({
      create: 'node -e "$SCRIPT"',
      environment: {
        SCRIPT: script,
        GRAFANA_URL: "http://127.0.0.1:3000",
        GRAFANA_CONTAINER: "grafana",
        GRAFANA_PASSWORD: "made-by-the-command",
      },
      triggers: [fingerprint(script), "declared"],
      logging: "none",
    });
  });

  it("lab-sweep does nothing until it is deleted, and then removes what is left", () => {
    expect(resource(registrations, "lab-sweep").inputs).toStrictEqual({
      create: ":",
      delete: 'sh -c "$DELETE"',
      environment: {
        LAB: "observability-lab",
        LABEL: "observability-lab.lab",
        MANAGER_LABEL: "observability-lab.manager",
        KEEP: "",
        DELETE: readAsset("flask", "process.sh") + readAsset("lab", "teardown.sh"),
      },
      logging: "stdoutAndStderr",
    });
  });

  it("on the host is deleted before it is replaced, as both use the same folder", () => {
    const before = resourcesOf(registrations, "command:local:Command").filter((it) => it.deleteBeforeReplace);
    expect(before.map(({ name }) => name).sort()).toStrictEqual([
      "ansible-environment",
      "ansible-run",
      "flask-environment",
      "flask-process",
    ]);
  });
});

describe("triggers", () => {
  /** Triggers of each command by its name. */
  const triggersOf = (list: readonly Registration[]): Record<string, unknown> =>
    Object.fromEntries(
      resourcesOf(list, "command:local:Command").map(({ name, inputs }) => [name, inputs.triggers ?? []]),
    );

  it("are the same in every run of the program", async () => {
    const again = await buildLab();
    expect(triggersOf(again.registrations)).toStrictEqual(triggersOf(registrations));
  });
});

describe("fingerprint", () => {
  it("distinguishes texts by their boundaries, too", () => {
    expect(fingerprint("ab", "c")).not.toBe(fingerprint("a", "bc"));
  });

  it("is short and the same on every machine", () => {
    expect(fingerprint("text")).toBe("982d9e3eb996");
  });
});
