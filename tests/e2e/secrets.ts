import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { docker, inspect, labelled, TestLab } from "../support/harness";

const CHANGED = "a new password of this test";

/** Runs the CLI on the lab's stack and gives all that it printed, with what was seen meanwhile. */
async function cli(lab: TestLab, args: readonly string[], meanwhile: () => void = () => undefined): Promise<string> {
  const { envVars, pulumiCommand } = lab.stack.workspace as unknown as {
    envVars: NodeJS.ProcessEnv;
    pulumiCommand: { command: string };
  };
  const child = spawn(pulumiCommand.command, [...args, "--stack", lab.stack.name, "--non-interactive"], {
    cwd: path.join(lab.folder, "project"),
    env: { ...process.env, ...envVars },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  const polling = setInterval(meanwhile, 5);
  const [code] = (await once(child, "close")) as [number];
  clearInterval(polling);
  if (code !== 0) {
    throw new Error(output);
  }
  return output;
}

/** Arguments of every process, with the lines that hold one of these texts. */
function processesWith(texts: readonly string[]): string[] {
  return fs
    .readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const arguments_ = fs.readFileSync(`/proc/${entry}/cmdline`, "utf8").replaceAll("\0", " ");
        return texts.some((text) => arguments_.includes(text)) ? [arguments_] : [];
      } catch {
        return []; // it has ended
      }
    });
}

/** Whether a user who is neither the owner nor of the group gets at a file, by the mode of it and of each folder above. */
function othersRead(file: string): boolean {
  const above = (folder: string): string[] =>
    folder === path.dirname(folder) ? [folder] : [folder, ...above(path.dirname(folder))];
  return (
    (fs.statSync(file).mode & 0o004) !== 0 &&
    above(path.dirname(file)).every((folder) => (fs.statSync(folder).mode & 0o001) !== 0)
  );
}

/** Files below a folder that hold one of these texts. */
function filesWith(folder: string, texts: readonly string[]): string[] {
  const patterns = texts.flatMap((text) => ["-e", text]);
  const { stdout, status } = spawnSync("grep", ["-rlF", ...patterns, folder], { encoding: "utf8" });
  expect([0, 1]).toContain(status);
  return stdout.split("\n").filter((file) => file !== "");
}

/** Where the admin's password is, and where it is not, while it is given and while it is changed. */
export function describeSecrets(given: () => TestLab): void {
  let lab: TestLab;
  let passwords: string[];
  const password = async (): Promise<string> => (await lab.stack.outputs()).grafanaAdminPassword?.value as string;
  const status = async (as: string): Promise<number> => {
    const authorization = `Basic ${Buffer.from(`admin:${as}`).toString("base64")}`;
    const url = `http://127.0.0.1:${String(lab.ports.grafanaPort)}/api/user`;
    return (await fetch(url, { headers: { authorization } })).status;
  };
  const none = (text: string): void => {
    for (const it of passwords) {
      expect(text.includes(it)).toBe(false);
    }
  };

  beforeAll(async () => {
    lab = given();
    passwords = [await password(), CHANGED];
  });

  it("is changed in a running Grafana, and in no output, log or argument of a process meanwhile", async () => {
    const [old = ""] = passwords;
    expect([await status(old), await status(CHANGED)]).toEqual([200, 401]);
    await lab.stack.setConfig("grafanaAdminPassword", { value: CHANGED, secret: true });
    const verbose = ["--diff", "-v=3", "--logtostderr"];
    none(await cli(lab, ["preview", ...verbose]));
    const seen = new Set<string>();
    let looks = 0;
    const output = await cli(lab, ["up", "--yes", "--skip-preview", ...verbose], () => {
      looks++;
      processesWith(passwords).forEach((it) => seen.add(it));
    });
    none(output);
    expect(output).toContain("[secret]");
    expect([...seen]).toEqual([]);
    expect(looks).toBeGreaterThan(100);
    expect([await status(old), await status(CHANGED)]).toEqual([401, 200]);
  });

  it("is in no file that the lab leaves outside the engine: in the state it is encrypted", () => {
    const state = path.join(lab.folder, "backend");
    const checkpoints = filesWith(state, ["grafana-config-files"]);
    expect(checkpoints.length).toBeGreaterThan(0);
    expect(filesWith(lab.folder, passwords)).toEqual([]);
  });

  it("is in nothing that docker inspect shows, nor in the environment of Grafana", () => {
    for (const kind of ["container", "volume", "network"] as const) {
      for (const id of labelled(kind, lab.lab)) {
        none(docker(kind, "inspect", id));
      }
    }
    const pid = inspect(`${lab.prefix}grafana`, ".State.Pid") as number;
    const environment = fs.readFileSync(`/proc/${String(pid)}/environ`, "utf8");
    expect(environment).toContain("GF_SECURITY_ADMIN_PASSWORD=$__file{/lab/admin_password}");
    none(environment);
  });

  it("is in one file of a volume, which others on this machine cannot read", () => {
    const volumes = labelled("volume", lab.lab).map((name) =>
      docker("volume", "inspect", "--format", "{{.Mountpoint}}", name),
    );
    const files = volumes.flatMap((folder) => filesWith(folder, passwords));
    expect(files.map((file) => path.basename(file))).toEqual(["admin_password"]);
    expect(files.filter(othersRead)).toEqual([]);
  });
}
