import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { Secret } from "@pulumi/policy";
import { copyCheckout } from "../e2e/checkouts";
import { docker, machineStack } from "../e2e/harness";
import { edit } from "../e2e/changes";
import { UserLab } from "../faults/userLab";
import { buildLab, LINUX, SWARM } from "../unit/fixtures";
import { resource } from "../unit/mocks";
import { type Shown, shown, subject, violations } from "../unit/policies";

jest.setTimeout(120_000);

const SOCKETS = ["/run/containerd/containerd.sock", "/run/docker.sock"];

/** Names of the rules that do not hold. */
async function broken(it: Shown): Promise<readonly string[]> {
  const said = await violations(it, { sockets: SOCKETS });
  return [...new Set(said.map((message) => message.split(":")[0] ?? ""))];
}

/** A resource of a real lab, as the engine shows it. */
async function shownOf(name: string, swarm = false): Promise<Shown> {
  const fixture = swarm
    ? { settings: { engine: "swarm" }, machine: SWARM }
    : { machine: { ...LINUX, sockets: SOCKETS } };
  const { registrations } = await buildLab(fixture);
  return shown(resource(registrations, name), registrations);
}

function changed(it: Shown, changes: object): Shown {
  return { ...it, props: { ...it.props, ...changes } };
}

const bind = (source: string, target: string, readOnly = true): object => ({ type: "bind", source, target, readOnly });
const COVERS = SOCKETS.map((socket) => bind("/dev/null", `/host${socket}`));

describe("a container that would be a way into the machine", () => {
  let container: Shown;
  let nodeExporter: Shown;
  let cadvisor: Shown;

  beforeAll(async () => {
    container = await shownOf("grafana-container");
    nodeExporter = await shownOf("node-exporter-container");
    cadvisor = await shownOf("cadvisor-container");
    for (const it of [container, nodeExporter, cadvisor]) {
      expect(await broken(it)).toEqual([]);
    }
  });

  it.each<[string, object, string]>([
    ["/ writable, its sockets covered", { mounts: [bind("/", "/host", false), ...COVERS] }, "mounts-allowed"],
    ["/ read-only", { mounts: [bind("/", "/host"), ...COVERS] }, "mounts-allowed"],
    ["/etc writable", { mounts: [bind("/etc", "/etc-of-host", false)] }, "mounts-allowed"],
    ["/etc as a volume", { volumes: [{ hostPath: "/etc", containerPath: "/x" }] }, "mounts-allowed"],
    ["/etc as the name of a volume", { volumes: [{ volumeName: "/etc", containerPath: "/x" }] }, "mounts-allowed"],
    ["/proc/1/root/run", { mounts: [bind("/proc/1/root/run", "/x")] }, "mounts-allowed"],
    [
      "a volume that is /run",
      {
        mounts: [
          {
            type: "volume",
            source: "observability-lab-grafana",
            target: "/var/lib/grafana",
            volumeOptions: { driverName: "local", driverOptions: { type: "none", o: "bind", device: "/run" } },
          },
        ],
      },
      "mounts-allowed",
    ],
    ["another container's volumes", { volumes: [{ fromContainer: "cadvisor" }] }, "mounts-allowed"],
    ["devices", { devices: [{ hostPath: "/dev/sda" }] }, "resources-known"],
    ["device requests", { deviceRequests: [{ driver: "nvidia", count: -1 }] }, "resources-known"],
    ["another runtime", { runtime: "insecure" }, "resources-known"],
    ["sysctls", { sysctls: { "kernel.core_pattern": "|/x" } }, "resources-known"],
    ["root's group", { groupAdds: ["0"] }, "resources-known"],
    ["root", { user: "0:0" }, "resources-known"],
    ["another network", { networksAdvanced: [{ name: "host" }] }, "resources-known"],
    ["a log that leaves the machine", { logDriver: "syslog", logOpts: { "max-size": "1m" } }, "resources-known"],
    ...["SYS_MODULE", "CAP_SYS_RAWIO", "BPF", "SYS_PTRACE", "ALL", "DAC_READ_SEARCH"].map(
      (it): [string, object, string] => [it, { capabilities: { drops: ["ALL"], adds: [it] } }, "nothing-privileged"],
    ),
    ["Docker's default capabilities", { capabilities: {} }, "nothing-privileged"],
    ...["seccomp=unconfined", "seccomp:unconfined", "apparmor=unconfined", "systempaths=unconfined"].map(
      (it): [string, object, string] => [it, { securityOpts: ["no-new-privileges:true", it] }, "nothing-privileged"],
    ),
    ["privileged", { privileged: true }, "nothing-privileged"],
    ["the host's users", { usernsMode: "host" }, "nothing-privileged"],
    ["the host's memory", { ipcMode: "host" }, "nothing-privileged"],
    ["the host's processes", { pidMode: "host" }, "nothing-privileged"],
    ["the host's network", { networkMode: "host" }, "nothing-privileged"],
    ["a writable root file system", { readOnly: false }, "nothing-privileged"],
    ["another program", { entrypoints: ["sh", "-c", "id"] }, "resources-known"],
    ["other arguments", { command: ["sh"] }, "commands-allowed"],
    ["a secret with an innocent name", { envs: ["GREETING=hunter2"] }, "secrets-hidden"],
    ["a secret with a known name", { envs: ["GF_LOG_LEVEL=hunter2"] }, "secrets-hidden"],
    [
      "a secret in a label that the lab has",
      { labels: [{ label: "observability-lab.reason", value: new Secret("hunter2") }] },
      "secrets-hidden",
    ],
    ["a secret in a label", { labels: [{ label: "greeting", value: "hunter2" }] }, "resources-known"],
    ["a secret in its command", { command: ["--greeting=hunter2"] }, "commands-allowed"],
    ["a secret in its health check", { healthcheck: { tests: ["CMD", new Secret("hunter2")] } }, "secrets-hidden"],
  ])("is refused: %s", async (_, changes, rule) => {
    expect(await broken(changed(container, changes))).toContain(rule);
  });

  it.each<[string, object, string]>([
    ["CAP_SYS_PTRACE", { capabilities: { drops: ["ALL"], adds: ["CAP_SYS_PTRACE"] } }, "nothing-privileged"],
    ["a writable root", { mounts: [bind("/", "/host", false), ...COVERS] }, "mounts-allowed"],
    ["a socket that nothing covers", { mounts: [bind("/", "/host"), ...COVERS.slice(1)] }, "mounts-allowed"],
  ])("is refused in node_exporter, which has the host's processes: %s", async (_, changes, rule) => {
    expect(await broken(changed(nodeExporter, changes))).toEqual([rule]);
  });

  it("is refused by what it is called, though a name may hold the type of cAdvisor's component", async () => {
    const engine = { mounts: [bind("/var/run/docker.sock", "/var/run/docker.sock")] };
    expect(await broken(changed(cadvisor, engine))).toEqual([]);
    for (const name of [
      "observability-lab:monitoring:Cadvisor$cadvisor-container",
      "x$observability-lab:monitoring:Cadvisor$observability-lab:components:LabContainer$docker:index/container:Container::cadvisor-container",
    ]) {
      const forged = { ...changed(container, engine), name, urn: container.urn.replace(/grafana-container$/, name) };
      expect(await broken(forged)).toContain("mounts-allowed");
      // a part of the name taken for the whole
      expect(await broken({ ...forged, name: "cadvisor-container" })).toContain("in-component-tree");
    }
    const neighbour = {
      ...cadvisor,
      name: "other-container",
      urn: cadvisor.urn.replace("cadvisor-container", "other-container"),
    };
    expect(await broken(neighbour)).toContain("mounts-allowed");
  });
});

describe("a Swarm service that would be a way into a node", () => {
  it.each<[string, (task: Readonly<Record<string, object>>) => object, string]>([
    ["the host's network", (task) => ({ ...task, networksAdvanceds: [{ id: "host" }] }), "resources-known"],
    [
      "a writable root",
      ({ containerSpec, ...task }) => ({
        ...task,
        containerSpec: { ...containerSpec, mounts: [bind("/", "/host", false)] },
      }),
      "mounts-allowed",
    ],
    [
      "a capability",
      ({ containerSpec, ...task }) => ({ ...task, containerSpec: { ...containerSpec, capAdds: ["SYS_MODULE"] } }),
      "nothing-privileged",
    ],
    [
      "another program",
      ({ containerSpec, ...task }) => ({ ...task, containerSpec: { ...containerSpec, commands: ["sh"] } }),
      "resources-known",
    ],
  ])("is refused: %s", async (_, change, rule) => {
    const service = await shownOf("node-exporter-service", true);
    expect(await broken(service)).toEqual([]);
    const taskSpec = change(service.props.taskSpec as Readonly<Record<string, object>>);
    expect(await broken(changed(service, { taskSpec }))).toContain(rule);
  });
});

describe("another resource that would be a way into the machine", () => {
  it.each<[string, string, object, string]>([
    ["a plugin", "docker:index/plugin:Plugin", { name: "evil", grantAllPermissions: true }, "resources-known"],
    [
      "a volume that is /run",
      "docker:index/volume:Volume",
      { driverOpts: { o: "bind", device: "/run" } },
      "resources-known",
    ],
    ["a network on the host's card", "docker:index/network:Network", { driver: "macvlan" }, "resources-known"],
    ["a provider from elsewhere", "pulumi:providers:evil", {}, "resources-known"],
    [
      "the lab's provider from elsewhere",
      "pulumi:providers:grafana",
      { __internal: { pluginDownloadURL: "http://evil.example" } },
      "resources-known",
    ],
    ["an engine elsewhere", "pulumi:providers:docker", { host: "tcp://evil.example" }, "resources-known"],
    ["a command", "command:local:Command", { create: "docker run --privileged evil" }, "commands-allowed"],
    ["a command elsewhere", "command:remote:Command", { create: "id" }, "resources-known"],
  ])("is refused: %s", async (_, type, props, rule) => {
    expect(await broken({ ...subject([], type, "evil"), props: { ...props } })).toContain(rule);
  });

  it.each<[string, object]>([
    ["create", { create: "docker run --privileged evil" }],
    ["interpreter", { interpreter: ["docker", "run", "--privileged", "evil"] }],
    ["dir", { dir: "/tmp" }],
    ["CREATE", { environment: { CREATE: "docker run --privileged evil" } }],
    ["PATH", { environment: { PATH: "/tmp/evil" } }],
    ["BASH_ENV", { environment: { BASH_ENV: "/tmp/evil" } }],
    ["stdin", { stdin: "import os" }],
  ])("is refused: the app's command with another %s", async (_, changes) => {
    const command = await shownOf("flask-process");
    expect(await broken(command)).toEqual([]);
    expect(await broken(changed(command, changes))).not.toEqual([]);
  });
});

describe("a checkout whose lab has an attack", () => {
  let lab: UserLab;
  let folder: string;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-policy-"));
    lab = await UserLab.create("attack-", "172.30.107.0/24");
    lab.checkout = path.join(folder, "checkout");
    copyCheckout(lab.checkout);
    await lab.prepare();
  });

  afterAll(async () => {
    await lab.remove();
    fs.rmSync(folder, { recursive: true });
  });

  it.each<[string, (text: string) => string, string]>([
    [
      "in plain sight",
      (text) =>
        text.replace(
          "    readOnly: true,\n    // a limit",
          "    readOnly: true,\n    privileged: true,\n    // a limit",
        ),
      "nothing-privileged: grafana-container is privileged",
    ],
    [
      "in an output that only the engine resolves",
      (text) => text.replace("volumeName: data.name", "volumeName: data.id.apply(() => '/etc')"),
      "mounts-allowed: pushgateway-container: the mount /etc:/pushgateway is new",
    ],
  ])("is refused by up %s, and its container is not made", async (_, attack, message) => {
    const file = path.join(lab.checkout, "components", "container.ts");
    const before = fs.readFileSync(file, "utf8");
    try {
      edit(lab.checkout, "components/container.ts", attack);
      expect(fs.readFileSync(file, "utf8")).not.toBe(before);
      const { ok, said } = await lab.run("pulumi", ["up", "--yes", "--skip-preview"]).outcome;
      expect(said).toContain(message);
      expect(ok).toBe(false);
      const containers = docker("ps", "--all", "--format", "{{.Names}}", "--filter", `name=^${lab.prefix}`).split("\n");
      expect(containers).not.toContain(lab.container("pushgateway"));
      expect(containers).not.toContain(lab.container("grafana"));
    } finally {
      fs.writeFileSync(file, before);
    }
  });
});

describe("a pull request that empties the rules that it breaks", () => {
  let folder: string;

  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-policy-"));
  });

  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it("is refused by those of its base, and the report says whose they are and what to read", () => {
    const head = path.join(folder, "head");
    copyCheckout(head);
    const git = (...args: string[]): void => {
      execFileSync("git", ["-C", head, "-c", "user.name=n", "-c", "user.email=e", ...args], { stdio: "ignore" });
    };
    git("init");
    fs.appendFileSync(path.join(head, ".git/info/exclude"), "node_modules\n");
    // a base that is refused at once: this is about its rules
    edit(head, "Pulumi.yaml", (text) => text.replace("default: 5s", "default: soon"));
    git("add", "--all");
    git("commit", "--message", "base");
    edit(head, "Pulumi.yaml", (text) => text.replace("default: soon", "default: 5s"));
    edit(head, "policy/rules.ts", (text) =>
      text.replace(/(export const RULES: readonly Rule\[\] = \[)[^]*?\n\];/, "$1];"),
    );
    edit(head, "components/container.ts", (text) =>
      text.replace("    readOnly: true,\n    // a limit", "    readOnly: true,\n    privileged: true,\n    // a limit"),
    );
    edit(head, "assets/flask/start.sh", (text) => `${text}# more\n`);
    const report = path.join(folder, "report.md");
    const { status, stderr } = spawnSync(path.join(head, "scripts/pr-preview"), {
      env: { ...process.env, STACK: machineStack(), BASE: "HEAD", REPORT: report },
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(1);
    const text = fs.readFileSync(report, "utf8");
    expect(text).toMatch(/> \*\*Rule `nothing-privileged`\*\* \(`grafana-container`\): .*privileged/);
    expect(text).toMatch(/A rule of `policy\/` does not hold\. The rules are those of the base `[0-9a-f]{7}`\./);
    expect(text).toContain("- the rules: `policy/rules.ts`\n");
    expect(text).toContain("- what runs on the host: `assets/flask/start.sh`\n");
    // a script of the change is one of its files
    expect(text).not.toContain("commands-allowed");
  });
});
