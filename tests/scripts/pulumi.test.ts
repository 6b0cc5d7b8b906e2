import { ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../../lib/shared/assets";
import { write, writeScript } from "../support/files";

const RESUMED = "an earlier command was killed: continuing from its last saved state\n";
const STATE = { version: 3, deployment: { resources: [{ pending_operations: "kept" }], pending_operations: [{}] } };
/** What the CLI is asked to take up the state of a killed one. */
const TAKEN_UP = ["cancel --yes --stack dev", "stack export --stack dev", "stack import --stack dev"];
const UP = expect.stringMatching(/^up --yes --stack dev --config-file .*\/lab\/Pulumi\.dev\.yaml$/) as string;

/** A checkout, and a CLI that notes what it is asked for. */
let folder: string;
let started: ChildProcess[];

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-pulumi-"));
  started = [];
  write(place("checkout/Pulumi.yaml"), "name: lab\n");
  write(place("checkout/Pulumi.dev.yaml"), "config: { lab:a: tracked, lab:b: tracked }\n");
  write(place("lab/own.dev.yaml"), "encryptionsalt: v1\nconfig: { lab:b: own }\n");
  write(place("state.json"), JSON.stringify(STATE));
  writeScript(
    cliPath(),
    `cd ${folder}; echo "$@" >>asked
case "$1 $2" in
  "cancel --yes") [ ! -e refuses ] || { echo it refuses; exit 1; } ;;
  "stack export") cat state.json ;;
  "stack import") cat >imported.json ;;
esac`,
  );
});

afterEach(() => {
  started.forEach((child) => child.kill("SIGKILL"));
  fs.rmSync(folder, { recursive: true });
});

function cliPath(): string {
  const command = `. ${PROJECT}/scripts/common.sh; echo $cli`;
  return spawnSync("bash", ["-c", command], { encoding: "utf8", env: environment() }).stdout.trim();
}

function place(file: string): string {
  return path.join(folder, file);
}

function read(file: string): string {
  return fs.readFileSync(path.join(folder, file), "utf8");
}

function environment(changes: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  return {
    ...changes,
    PATH: `${path.join(folder, "tools")}:${String(process.env.PATH)}`,
    HOME: folder,
    LAB_CHECKOUT: path.join(folder, "checkout"),
    LAB_STATE_DIR: path.join(folder, "lab"),
    PULUMI_HOME: path.join(folder, "home"),
  };
}

/** Runs a command; what it output, and what it asked the CLI for. */
function pulumi(...args: string[]): { status: number | null; output: string; asked: string[] } {
  return pulumiWith({}, ...args);
}

/** With these environment variables. */
function pulumiWith(changes: NodeJS.ProcessEnv, ...args: string[]): ReturnType<typeof pulumi> {
  fs.rmSync(path.join(folder, "asked"), { force: true });
  const { status, stderr } = spawnSync(path.join(PROJECT, "scripts", "pulumi"), args, {
    encoding: "utf8",
    cwd: folder,
    env: environment(changes),
  });
  return {
    status,
    output: stderr,
    asked: fs.existsSync(path.join(folder, "asked")) ? read("asked").trim().split("\n") : [],
  };
}

function lock(content: string, stack = "dev"): void {
  write(place(`lab/state/.pulumi/locks/organization/lab/${stack}/1.json`), content);
}

function lockOf(pid: number | undefined): void {
  lock(JSON.stringify({ pid, username: "jane", hostname: "workstation" }, null, 4));
}

/** A process with these arguments; its pid. */
function run(program: string, options: { args?: string[]; argv0?: string; uid?: number } = {}): number | undefined {
  const child = spawn(program, options.args ?? ["1000"], { stdio: ["ignore", "pipe", "ignore"], ...options });
  started.push(child);
  return child.pid;
}

it.each([undefined, ""])("without a home directory in HOME = %j, that of the user database is used", (HOME) => {
  const { stdout } = spawnSync("bash", ["-euc", `. ${PROJECT}/scripts/common.sh; echo "$PULUMI_HOME"`], {
    encoding: "utf8",
    env: { ...environment(), HOME, PULUMI_HOME: undefined },
  });
  expect(stdout).toBe(`${os.userInfo().homedir}/.pulumi\n`);
});

it("a folder that is closed already is not closed again, which takes time", () => {
  fs.chmodSync(place("lab"), 0o700);
  fs.chmodSync(place("lab/own.dev.yaml"), 0o644);
  pulumi("up", "--yes");
  expect(fs.statSync(place("lab/own.dev.yaml")).mode & 0o777).toBe(0o644);
});

describe("the settings of a stack", () => {
  it("are the tracked ones, overridden by those of the checkout", () => {
    expect(pulumi("up", "--yes")).toEqual({ status: 0, output: "", asked: [UP] });
    const merged = parse(read("lab/Pulumi.dev.yaml")) as unknown;
    expect(merged).toEqual({ encryptionsalt: "v1", config: { "lab:a": "tracked", "lab:b": "own" } });
  });

  it("are those of dev if a full disk has left the chosen stack empty", () => {
    write(place("lab/stack"), "");
    expect(pulumi("up", "--yes")).toEqual({ status: 0, output: "", asked: [UP] });
  });

  it("are those of a file that is put back, which is older", () => {
    pulumi("up", "--yes");
    write(place("lab/own.dev.yaml"), "encryptionsalt: v1\nconfig: { lab:b: earlier }\n");
    fs.utimesSync(place("lab/own.dev.yaml"), 0, 0);
    pulumi("up", "--yes");
    expect(parse(read("lab/Pulumi.dev.yaml"))).toMatchObject({ config: { "lab:b": "earlier" } });
  });

  it.each([
    ["- a\n", "it is not a map with a map config in it"],
    [
      "config: [\n",
      "Flow sequence in block collection must be sufficiently indented and end with a ] at line 2, column 1",
    ],
  ])("%j are refused", (text, reason) => {
    write(place("lab/own.dev.yaml"), text);
    const file = path.join(folder, "lab/own.dev.yaml");
    const output = `${file} has no valid settings: ${reason}; fix or remove it\n`;
    expect(pulumi("up", "--yes")).toEqual({ status: 1, output, asked: [] });
  });
});

describe("the backend", () => {
  const INIT = expect.stringMatching(/^-C \S+ stack init dev --no-select$/) as string;

  it("gets the stack if another one was used before", () => {
    pulumi("preview");
    const other = { PULUMI_BACKEND_URL: "s3://other" };
    expect(pulumiWith(other, "up", "--yes")).toEqual({ status: 0, output: "", asked: [INIT, UP] });
    expect(pulumiWith(other, "up", "--yes").asked).toEqual([UP]);
    expect(read("lab/own.dev.yaml")).toBe("encryptionsalt: v1\nconfig: { lab:b: own }\n");
  });

  it("and the passphrase are found relative to the caller's folder", () => {
    writeScript(cliPath(), `echo "$PULUMI_BACKEND_URL $PULUMI_CONFIG_PASSPHRASE_FILE" >>${folder}/asked`);
    const relative = { PULUMI_BACKEND_URL: "file://./a state?x=y", PULUMI_CONFIG_PASSPHRASE_FILE: "pass" };
    expect(pulumiWith(relative, "preview").asked).toEqual([`file://${folder}/a%20state?x=y ${folder}/pass`]);
    const absolute = { PULUMI_BACKEND_URL: "file:///state", PULUMI_CONFIG_PASSPHRASE_FILE: "/pass" };
    expect(pulumiWith(absolute, "preview").asked.pop()).toBe("file:///state /pass");
  });
});

it.each([
  [{}, "127.0.0.1,localhost"],
  [{ NO_PROXY: "example.org" }, "example.org,127.0.0.1,localhost"],
  [{ no_proxy: "a.org", NO_PROXY: "b.org" }, "a.org,b.org,127.0.0.1,localhost"],
  [{ no_proxy: "*" }, "*"],
])("requests to the lab do not use a proxy with %j", (changes, expected) => {
  writeScript(cliPath(), `echo "$no_proxy $NO_PROXY" >>${folder}/asked`);
  expect(pulumiWith(changes, "preview").asked).toEqual([`${expected} ${expected}`]);
});

it("two commands merge changed settings side by side", async () => {
  const scripts = path.join(PROJECT, "scripts", "pulumi");
  const both = [1, 2].map(() => spawn(scripts, ["stack", "output"], { env: environment(), stdio: "ignore" }));
  started.push(...both);
  expect(await Promise.all(both.map(async (child) => ((await once(child, "close")) as [number])[0]))).toEqual([0, 0]);
  expect(fs.readdirSync(place("lab")).filter((name) => name.startsWith("Pulumi"))).toHaveLength(2);
});

describe("the lock of a command that runs", () => {
  function expectRefused(pid: number | undefined): void {
    lockOf(pid);
    const advice = `wait for it to end, or stop it with kill -INT ${String(pid)}`;
    const output = `this lab is being changed by another command, process ${String(pid)}: ${advice}\n`;
    expect(pulumi("up", "--yes")).toEqual({ status: 1, output, asked: [] });
  }

  it("keeps the next one from the lab", () => {
    expectRefused(run("sleep", { argv0: "pulumi" }));
  });

  it("also does where ps takes no pid", () => {
    writeScript(place("tools/ps"), 'echo "ps: unrecognized option: p" >&2; exit 1');
    expectRefused(run("sleep"));
  });

  it("lets a preview run, and a command on another stack", () => {
    lockOf(run("sleep", { argv0: "pulumi" }));
    expect(pulumi("preview").status).toBe(0);
    fs.renameSync(
      path.join(folder, "lab/state/.pulumi/locks/organization/lab/dev"),
      path.join(folder, "lab/state/.pulumi/locks/organization/lab/other"),
    );
    expect(pulumi("up", "--yes")).toEqual({ status: 0, output: "", asked: [UP] });
  });
});

describe("the lock of a command that was killed", () => {
  function expectTakenUp(): void {
    expect(pulumi("up", "--yes")).toEqual({ status: 0, output: RESUMED, asked: [...TAKEN_UP, UP] });
  }

  it("is removed with its pending operations and incomplete writes", () => {
    const { pid } = spawnSync("true");
    lockOf(pid);
    const stacks = path.join(folder, "lab/state/.pulumi/stacks/lab");
    for (const name of ["dev.json", "dev.json.attrs", "fileblob1.tmp"]) {
      write(path.join(stacks, name), "");
    }
    expectTakenUp();
    expect(fs.readdirSync(stacks)).toEqual(["dev.json"]);
    const { deployment } = STATE;
    expect(JSON.parse(read("imported.json"))).toEqual({ version: 3, deployment: { resources: deployment.resources } });
  });

  it.each(["", "null", '{"pid": 1', '{"pid": null}'])("is removed if it reads %j", (content) => {
    lock(content);
    expectTakenUp();
  });

  it("is removed if its pid is another program's now", () => {
    lockOf(run("sleep"));
    expectTakenUp();
  });

  it("is removed while the CLI is a zombie", async () => {
    fs.copyFileSync("/bin/sleep", path.join(folder, "pulumi"));
    run("bash", { args: ["-c", `${folder}/pulumi 1 & echo $!; exec sleep 1000`] });
    const [printed] = (await once(started[0]?.stdout as NodeJS.EventEmitter, "data")) as [Buffer];
    const pid = Number(printed.toString());
    while (!fs.readFileSync(`/proc/${String(pid)}/status`, "utf8").includes("State:\tZ")) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    lockOf(pid);
    expectTakenUp();
  });

  (process.getuid?.() === 0 ? it : it.skip)("is removed if its pid is another user's CLI now", () => {
    lockOf(run("sleep", { argv0: "pulumi", uid: 65534 }));
    expectTakenUp();
  });

  it("stays with the reason if the CLI cannot remove it", () => {
    lockOf(spawnSync("true").pid);
    write(place("refuses"), "");
    const output = `${RESUMED}its lock cannot be removed: it refuses\n`;
    expect(pulumi("up", "--yes")).toEqual({ status: 1, output, asked: TAKEN_UP.slice(0, 1) });
  });
});
