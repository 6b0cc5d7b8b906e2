import { ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import * as path from "node:path";
import { Command, LANES, Suite } from "./suites";

/** What a suite counted. */
interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const PROJECT = path.dirname(__dirname);
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** Of what a preparation printed that failed. */
const LAST_LINES = 20;
/** Of the reason of a failure, where all failures are listed at the end. */
const REASON_LINES = 8;
const REASON_WIDTH = 240;

/** What a suite's own closing line says: jest's "Tests:", pytest's "in 1.23s", lint's count. */
export function countResults(output: string): Count | undefined {
  const closing = output
    .split("\n")
    .filter((line) => /^Tests:|\d+ (passed|failed|error).* in [\d.]+s|^\d+ passed, \d+ failed/.test(line))
    .pop();
  const number = (what: string): number => Number(new RegExp(`(\\d+) ${what}`).exec(closing ?? "")?.[1] ?? 0);
  return closing === undefined
    ? undefined
    : { passed: number("passed"), failed: number("failed") + number("error"), skipped: number("skipped") };
}

/** What failed, by the headings of jest and the lines of pytest and lint, each with the first lines of its reason. */
export function failuresOf(output: string): string[] {
  const lines = output.split("\n");
  return lines.flatMap((line, index) => {
    if (line.startsWith("FAILED ")) {
      return [line];
    }
    // jest prints "● Console" above what a test logged
    if (!/^ {2}● (?!Console)/.test(line)) {
      return [];
    }
    const rest = lines.slice(index + 1);
    const end = rest.findIndex((next) => /^ {2}● |^ {4}at |^[A-Z]/.test(next));
    const reason = rest.slice(0, end < 0 ? undefined : end).filter((text) => text.trim() !== "");
    return [[line, ...reason.slice(0, REASON_LINES)].map((text) => text.slice(0, REASON_WIDTH)).join("\n")];
  });
}

/** A command in a process group of its own. */
class Task {
  output = "";
  /** Whether it went well. */
  readonly ended: Promise<boolean>;
  private readonly child: ChildProcess;

  constructor([program, ...args]: Command, lane: number, onOutput: (text: string) => void = () => undefined) {
    const env = { ...process.env, TEST_LANE: String(lane) };
    this.child = spawn(program, args, { cwd: PROJECT, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.output += text;
        onOutput(text);
      });
    }
    this.ended = new Promise((resolve) => {
      this.child
        .once("error", ({ message }) => {
          this.output += `${message}\n`;
          resolve(false);
        })
        .once("close", (code) => {
          resolve(code === 0);
        });
    });
  }

  /** Ends it and what it has started. */
  end(): void {
    if (this.child.pid !== undefined && this.child.exitCode === null && this.child.signalCode === null) {
      process.kill(-this.child.pid, "SIGTERM");
    }
  }
}

/** Lanes of suites that run side by side. */
export class Run {
  readonly total = { passed: 0, failed: 0, skipped: 0 };
  /** What failed, by suite: the output of a run is long, and where it is kept it is often cut. */
  readonly failures: string[] = [];
  private readonly preparations = new Map<Command, Task>();
  private readonly running = new Set<Task>();
  private cut = false;

  constructor(
    private readonly lanes: readonly (readonly Suite[])[],
    private readonly print: (text: string) => void,
  ) {}

  /** Runs every suite; with others beside it, it shows its output once it has ended, so that each is in one piece. */
  async all(): Promise<void> {
    for (const { preparation } of this.lanes.flat()) {
      if (preparation !== undefined) {
        this.preparations.set(preparation, new Task(preparation, this.lanes.length));
      }
    }
    await Promise.all(
      this.lanes.map(async (suites, lane) => {
        for (const suite of suites) {
          if (!this.cut) {
            await this.run(suite, lane);
          }
        }
      }),
    );
  }

  /** Ends what runs, which fails then, and begins nothing more. */
  end(): void {
    this.cut = true;
    [...this.preparations.values(), ...this.running].forEach((task) => {
      task.end();
    });
  }

  private async run(suite: Suite, lane: number): Promise<void> {
    const { name } = suite;
    const alone = this.lanes.length === 1;
    const start = Date.now();
    this.print(alone ? `== ${name}\n` : `-- ${name} starts\n`);
    const { output, ok } = await this.outcome(suite, lane, alone ? this.print : undefined);
    const count = countResults(output) ?? { passed: 0, failed: 0, skipped: 0 };
    this.total.passed += count.passed;
    this.total.failed += ok ? count.failed : Math.max(1, count.failed);
    this.total.skipped += count.skipped;
    if (!ok) {
      // jest repeats them after many tests
      this.failures.push(`== ${name} failed`, ...new Set(failuresOf(output)));
    }
    const took = `== ${name} took ${((Date.now() - start) / 1000).toFixed(0)} s\n`;
    this.print(alone ? took : `== ${name}\n${output}${took}`);
  }

  private async outcome(
    suite: Suite,
    lane: number,
    show: (text: string) => void = () => undefined,
  ): Promise<{ output: string; ok: boolean }> {
    const prepared = suite.preparation && this.preparations.get(suite.preparation);
    if (prepared !== undefined && !(await prepared.ended)) {
      const lines = prepared.output.trimEnd().split("\n").slice(-LAST_LINES);
      const output = `${(suite.preparation ?? []).join(" ")} failed; its last lines:\n${lines.join("\n")}\n`;
      show(output);
      return { output, ok: false };
    }
    const task = new Task(suite.command, lane, show);
    this.running.add(task);
    const ok = await task.ended;
    this.running.delete(task);
    return { output: task.output, ok };
  }
}

/** Runs the suites given by name, or all. */
async function main(names: readonly string[]): Promise<void> {
  const chosen = LANES.map((lane) => lane.filter(({ name }) => names.length === 0 || names.includes(name)));
  const run = new Run(
    chosen.filter((lane) => lane.length > 0),
    (text) => process.stdout.write(text),
  );
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      run.end();
      process.exitCode = 128 + constants.signals[signal];
    });
  }
  await run.all();
  run.failures.forEach((failure) => {
    console.log(failure);
  });
  const { passed, failed, skipped } = run.total;
  console.log(`${String(passed)} passed, ${String(failed)} failed${skipped > 0 ? `, ${String(skipped)} skipped` : ""}`);
  process.exitCode ??= failed === 0 && passed > 0 ? 0 : 1;
}

if (require.main === module) {
  void main(process.argv.slice(2));
}
