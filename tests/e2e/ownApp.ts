import { ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as path from "node:path";
import { configure, eventually, listenAddresses, PROJECT, sample, TestLab } from "../support/harness";
import { freePorts } from "../support/ports";

const PAGE = fs.readFileSync(path.join(PROJECT, "docs", "own-app.md"), "utf8");
/** In the page, and instead of them those of the test. */
const [GATEWAY, PORT, JOB] = ["172.30.90.1", "8000", "shop"];
/** The languages of the page, and the commands that come with each. */
const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  "Node.js": ["npm"],
  Python: ["python3"],
  Go: ["go"],
  Java: ["java", "mvn"],
};
const TARGET = [...PAGE.matchAll(/^make config ARGS="set --path '(.*)' (.*)"$/gm)];
const QUERIES = fences(PAGE, "promql");

/** A program of the page, as its reader runs it. */
interface Program {
  readonly job: string;
  readonly port: number;
  readonly process: ChildProcess;
  readonly output: () => string;
}

/** What the fenced blocks of a language contain. */
function fences(text: string, language: string): string[] {
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map(([, content = ""]) => content);
}

/** The section of the page about a language. */
function section(language: string): string {
  return PAGE.split(/^##+ /m).find((it) => it.startsWith(`${language}\n`)) ?? "";
}

/** Writes the files of a language's section and runs its commands, with another address and port. */
function start(language: string, gateway: string, port: number, parent: string): Program {
  const job = `${JOB}_${language.toLowerCase().replace(/\W/g, "")}`;
  const folder = path.join(parent, job);
  // not in the program's own folder, where Go ignores a go.mod then
  const temporary = path.join(parent, "tmp");
  [folder, temporary].forEach((it) => fs.mkdirSync(it, { recursive: true }));
  const text = section(language).replaceAll(GATEWAY, gateway).replaceAll(PORT, String(port));
  for (const [, file = "", content = ""] of text.matchAll(/`([\w.]+)`:\n\n```\w+\n(.*?)^```/gms)) {
    fs.writeFileSync(path.join(folder, file), content);
  }
  const [commands = ""] = fences(text, "sh");
  const child = spawn("bash", ["-ec", commands], {
    cwd: folder,
    env: { ...process.env, TMPDIR: temporary },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (written: string) => (output += written));
  }
  return { job, port, process: child, output: () => output };
}

/** Ends a program as Ctrl-C does. */
async function interrupt({ process: child, port }: Program): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    process.kill(-(child.pid ?? 0), "SIGINT");
    await once(child, "close");
  }
  expect(listenAddresses(port)).toEqual([]);
}

/** Follows docs/own-app.md with each language that is on this machine, in a running lab. */
export function describeOwnApp(given: () => TestLab, gateway: string): void {
  const missing = (language: string): string | undefined =>
    COMMANDS[language]?.find((command) => spawnSync("which", [command]).status !== 0);
  const present = Object.keys(COMMANDS).filter((language) => missing(language) === undefined);
  const programs = new Map<string, Program>();
  let lab: TestLab;

  beforeAll(async () => {
    lab = given();
    const parent = fs.mkdtempSync(path.join(lab.folder, "apps-"));
    const ports = Object.values(await freePorts());
    present.forEach((language, index) => {
      programs.set(language, start(language, gateway, ports[index] ?? 0, parent));
    });
    configure(lab, { extraScrapeTargets: undefined });
    for (const [index, { job, port }] of [...programs.values()].entries()) {
      for (const [, place = "", value = ""] of TARGET) {
        await lab.stack.setConfig(
          place.replace("[0]", `[${String(index)}]`),
          { value: value === JOB ? job : value.replace(PORT, String(port)) },
          true,
        );
      }
    }
    await lab.stack.up();
  });

  afterAll(async () => {
    await Promise.all([...programs.values()].map(interrupt));
  });

  it("has a program in each language of the page", () => {
    const steps = PAGE.slice(PAGE.indexOf("## 1."), PAGE.indexOf("## 2."));
    expect([...steps.matchAll(/^### (.*)$/gm)].map(([, language]) => language)).toEqual(Object.keys(COMMANDS));
    expect([TARGET.length, QUERIES.length]).toEqual([2, 2]);
  });

  for (const language of Object.keys(COMMANDS)) {
    const lacking = missing(language);
    const title = `scrapes the program in ${language}, whose metrics answer the queries of the page`;
    if (lacking !== undefined) {
      it.skip(`${title}: ${lacking} is not on this machine`, () => undefined);
      continue;
    }
    it(title, async () => {
      const program = programs.get(language);
      const { job = "", port = 0 } = program ?? {};
      const up = await eventually(async () => {
        const { exitCode } = program?.process ?? {};
        expect(exitCode === null ? "" : `${program?.output() ?? ""}exit ${String(exitCode)}`).toBe("");
        return (await sample(lab, `up{job="${job}"} == 1`)) ?? undefined;
      });
      expect(up).toBe(1);
      for (const query of QUERIES) {
        const asked = query.replace(`job="${JOB}"`, `job="${job}"`);
        expect(await eventually(async () => (await sample(lab, `${asked} > 0`)) ?? undefined)).toBeGreaterThan(0);
      }
      const input = await (await fetch(`http://${gateway}:${String(port)}/metrics`)).text();
      const lint = ["exec", "--interactive", `${lab.prefix}prometheus`, "promtool", "check", "metrics"];
      const { stdout, stderr, status } = spawnSync("docker", lint, { input, encoding: "utf8" });
      expect({ output: stdout + stderr, status }).toEqual({ output: "", status: 0 });
    });
  }
}
