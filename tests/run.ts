import { spawn } from "node:child_process";
import * as path from "node:path";

/** A suite of tests and how it counts what it ran. */
interface Suite {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
}

/** What a suite counted. */
interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const PROJECT = path.dirname(__dirname);
const JEST: readonly [string, ...string[]] = [
  process.execPath,
  path.join(PROJECT, "node_modules/jest/bin/jest.js"),
  "--ci",
];

const SUITES: readonly Suite[] = [
  { name: "lint", command: ["scripts/lint"] },
  { name: "unit", command: [...JEST, "tests/unit"] },
  { name: "programs", command: [...JEST, "tests/programs"] },
  {
    name: "assets",
    command: ["bash", "-c", '"$(scripts/python-tools)/bin/python" -m pytest -q -p no:cacheprovider tests/assets'],
  },
  { name: "e2e", command: [...JEST, "--runInBand", "tests/e2e"] },
  { name: "verdicts", command: [...JEST, "--runInBand", "tests/verdicts"] },
  { name: "security", command: [...JEST, "tests/security"] },
  { name: "faults", command: [...JEST, "--runInBand", "tests/faults"] },
  { name: "swarm", command: [...JEST, "--runInBand", "tests/swarm"] },
  {
    name: "engines",
    // only root makes machines for them
    command: [
      "bash",
      "-c",
      '{ [ "$(id -u)" != 0 ] || offline/build engine; } && exec "$@"',
      "bash",
      ...JEST,
      "--runInBand",
      "tests/engines",
    ],
  },
];

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

function run({ command: [program, ...args] }: Suite): Promise<{ output: string; ok: boolean }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: PROJECT, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (chunk: Buffer) => {
        output += chunk.toString();
        process.stdout.write(chunk);
      });
    }
    child.on("close", (code) => {
      resolve({ output, ok: code === 0 });
    });
  });
}

/** Runs the suites given by name, or all; a suite that fails without a count counts as one failure. */
async function main(names: readonly string[]): Promise<void> {
  const total = { passed: 0, failed: 0, skipped: 0 };
  for (const suite of SUITES.filter(({ name }) => names.length === 0 || names.includes(name))) {
    console.log(`== ${suite.name}`);
    const start = Date.now();
    const { output, ok } = await run(suite);
    const count = countResults(output) ?? { passed: 0, failed: 0, skipped: 0 };
    total.passed += count.passed;
    total.failed += ok ? count.failed : Math.max(1, count.failed);
    total.skipped += count.skipped;
    console.log(`== ${suite.name} took ${((Date.now() - start) / 1000).toFixed(0)} s`);
  }
  const skipped = total.skipped > 0 ? `, ${String(total.skipped)} skipped` : "";
  console.log(`${String(total.passed)} passed, ${String(total.failed)} failed${skipped}`);
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1;
}

if (require.main === module) {
  void main(process.argv.slice(2));
}
