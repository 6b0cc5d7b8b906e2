import { spawn, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";

const ALWAYS = ["cadvisor", "grafana", "node-exporter", "prometheus", "pushgateway"];
const WEBHOOK = "config: { observability-lab:alertWebhook: { secure: v1:abc } }\n";

/** A checkout in which all is installed, with a Docker and a build that note what they are asked for. */
let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-setup-"));
  for (const name of [
    "assets",
    "components",
    "dashboards",
    "lib",
    "offline/go.mod",
    "package.json",
    "Pulumi.yaml",
    "Pulumi.offline.yaml",
    "scripts",
    "tests/assets",
  ]) {
    link(name);
  }
  link("node_modules/sucrase");
  link("node_modules/yaml");
  link("node_modules/@pulumi");
  link("node_modules/ipaddr.js");
  link("node_modules/fastest-levenshtein");
  write("package-lock.json", "{}");
  write("node_modules/.package-lock.json", "{}");
  build('echo "$@" >>built; shift $(($# > 0)); for name; do echo "$name" >>images; done');
  script(
    "tools/docker",
    `cd ${folder}
case $1 in
  version)
    [ ! -e refuses ] || { echo "permission denied while trying to connect" >&2; exit 1; }
    [ ! -e silent ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; }
    ;;
  pull) [ -e registry ] ;;
  image) shift 2; for name; do name=\${name#*/}; grep -qx "\${name%:offline}" images || exit 1; done ;;
esac`,
  );
  write("lab/python-tools/installed.txt", read("tests/assets/requirements-dev.txt"));
  write("images", `${ALWAYS.join("\n")}\n`);
  const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
  const cli = spawnSync("bash", ["-c", `. ${PROJECT}/scripts/common.sh; echo $cli`], {
    encoding: "utf8",
    env: environment(),
  });
  script(path.relative(folder, cli.stdout.trim()), "");
  for (const name of ["@pulumi/docker", "@pulumi/command", "@pulumiverse/grafana"]) {
    fs.mkdirSync(path.join(folder, "home/plugins", `resource-${path.basename(name)}-v${String(dependencies[name])}`), {
      recursive: true,
    });
  }
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function link(name: string): void {
  const place = path.join(folder, name);
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.symlinkSync(path.join(PROJECT, name), place);
}

function write(file: string, text: string, mode = 0o644): void {
  const place = path.join(folder, file);
  fs.mkdirSync(path.dirname(place), { recursive: true });
  fs.writeFileSync(place, text, { mode });
}

function read(file: string): string {
  return fs.readFileSync(path.join(folder, file), "utf8");
}

function script(file: string, text: string): void {
  write(file, `#!/usr/bin/env bash\n${text}\n`, 0o755);
}

/** What is done in place of offline/build. */
function build(text: string): void {
  script("offline/build", text);
}

function environment(stack = "offline"): NodeJS.ProcessEnv {
  return {
    PATH: `${path.join(folder, "tools")}:${String(process.env.PATH)}`,
    HOME: folder,
    LAB_CHECKOUT: folder,
    LAB_STATE_DIR: path.join(folder, "lab"),
    PULUMI_HOME: path.join(folder, "home"),
    STACK: stack,
  };
}

it.each(["scripts/setup", "offline/build"])("%s finds its folder although CDPATH leads elsewhere", (file) => {
  write(`elsewhere/${path.dirname(file)}/other`, "");
  const env = { ...environment(), CDPATH: path.join(folder, "elsewhere") };
  const { stderr } = spawnSync(file, ["nothing"], { cwd: PROJECT, encoding: "utf8", env });
  expect(stderr).toContain("usage: ");
});

/** Runs setup to its end; what it said, and what was built. */
function setup(...args: string[]): { status: number | null; output: string; built: string[] } {
  fs.rmSync(path.join(folder, "built"), { force: true });
  const run = spawnSync(path.join(PROJECT, "scripts", "setup"), args, { encoding: "utf8", env: environment() });
  const built = fs.existsSync(path.join(folder, "built")) ? read("built").trim().split("\n") : [];
  return { status: run.status, output: run.stdout + run.stderr, built };
}

describe("the images", () => {
  it("are built if nothing records that they were, and then not again", () => {
    expect(setup()).toMatchObject({ status: 0, built: [`images ${ALWAYS.join(" ")}`] });
    expect(setup()).toEqual({ status: 0, output: "", built: [] });
  });

  it("include Alertmanager's as soon as a secret setting needs it", () => {
    setup();
    write("lab/own.offline.yaml", WEBHOOK);
    expect(setup()).toMatchObject({ status: 0, built: [`images alertmanager ${ALWAYS.join(" ")}`] });
    expect(setup()).toEqual({ status: 0, output: "", built: [] });
  });

  it("are not built again for a setting that needs no other", () => {
    setup();
    write("lab/own.offline.yaml", "config: { observability-lab:retention: 1d }\n");
    expect(setup()).toEqual({ status: 0, output: "", built: [] });
  });

  it("are all for the tests", () => {
    setup();
    const [all = ""] = setup("test").built;
    expect(all.split(" ").sort()).toEqual(["alertmanager", "blackbox-exporter", "caddy", "images", ...ALWAYS].sort());
    expect(setup("test")).toEqual({ status: 0, output: "", built: [] });
  });

  it("are checked again after a change in offline/", () => {
    setup();
    build("echo changed >>built");
    const { built } = setup();
    expect(built).toEqual(["changed"]);
  });
});

describe("a setup with parallel installations", () => {
  const npm = (text: string): void => {
    fs.rmSync(path.join(folder, "node_modules/.package-lock.json"));
    script("tools/npm", text);
  };

  it("ends with the one that fails, which is named with its output", () => {
    build("sleep 1000 & echo $! >sleeper; touch building; wait");
    npm("until [ -e building ]; do sleep 0.1; done; echo no such package; exit 1");
    const { status, output } = setup();
    expect(status).toBe(1);
    expect(output).toMatch(/^npm packages: failed after \d+ s\nno such package\nfull log: .*npm-packages.log$/m);
    expect(isAlive(Number(read("sleeper")))).toBe(false);
  });

  it("ends with Ctrl-C, and the next run reports that it resumes there", async () => {
    build("sleep 1000 & echo $! >sleeper; touch building; wait");
    const run = spawn(path.join(PROJECT, "scripts", "setup"), [], { env: environment(), stdio: "ignore" });
    const ended = new Promise<number | null>((resolve) => run.on("close", resolve));
    while (!fs.existsSync(path.join(folder, "building"))) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    run.kill("SIGINT");
    expect(await ended).toBe(130);
    expect(isAlive(Number(read("sleeper")))).toBe(false);
    build("echo again >>built");
    expect(setup()).toMatchObject({ status: 0, output: expect.stringMatching(/continuing from there/) as string });
    expect(setup()).toEqual({ status: 0, output: "", built: [] });
  });
});

describe("the stack", () => {
  const chosen = (): string => {
    spawnSync(path.join(PROJECT, "scripts", "setup"), { encoding: "utf8", env: environment("") });
    return read("lab/stack").trim();
  };

  it("is dev if Docker pulls the official images, whatever the client's configuration", () => {
    write("registry", "");
    expect(chosen()).toBe("dev");
  });

  it("is offline if it does not", () => {
    expect(chosen()).toBe("offline");
  });
});

it("installs the development packages where npm is to leave them out, also after a run that did", () => {
  fs.rmSync(path.join(folder, "node_modules/sucrase"));
  script("tools/npm", `echo "$@" >npm-asked; ln -s ${PROJECT}/node_modules/sucrase ${folder}/node_modules/sucrase`);
  expect(setup("packages").status).toBe(0);
  expect(read("npm-asked")).toContain("--include=dev");
  fs.rmSync(path.join(folder, "npm-asked"));
  setup("packages");
  expect(fs.existsSync(path.join(folder, "npm-asked"))).toBe(false);
});

it("names the command that gives a user access to a Docker that denies it", () => {
  write("refuses", "");
  const { status, output } = setup();
  expect(status).toBe(1);
  expect(output).toMatch(/Docker does not let \S+ in: run sudo usermod -aG docker/);
});

it("neither installs nor starts a Docker in place of a remote one that does not respond", () => {
  write("silent", "");
  script("tools/apt-get", "exit 9");
  script("tools/dockerd", `touch ${folder}/started`);
  const remote = "tcp://build.example:2376";
  const env = { ...environment(), DOCKER_HOST: remote };
  const { status, stderr } = spawnSync(path.join(PROJECT, "scripts", "setup"), { encoding: "utf8", env });
  expect([status, stderr]).toEqual([
    1,
    expect.stringContaining(
      `Docker does not respond at ${remote}, and the lab needs the Docker of this machine: unset DOCKER_HOST`,
    ),
  ]);
  expect(fs.existsSync(path.join(folder, "started"))).toBe(false);
});

(process.getuid?.() === 0 ? it : it.skip)("leaves the lab of another user alone, also as root", () => {
  fs.mkdirSync(path.join(folder, "lab"), { recursive: true });
  fs.chownSync(path.join(folder, "lab"), 65534, 65534);
  const { status, output } = setup();
  expect(status).toBe(1);
  expect(output).toMatch(/lab belongs to nobody: run this as nobody, without sudo/);
});

it("rejects a word that it does not know", () => {
  expect(setup("tets")).toMatchObject({ status: 1, output: "usage: setup [packages | test]\n" });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
