// Measures this lab beside the same containers by docker compose, and prints and writes what it found.
// usage: [ROUNDS=5] [IDLE=300] [GROWTH=0] main.ts STACK FOLDER RESULT
import Table from "cli-table3";
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerGet } from "../../lib/docker/client";
import { inspectMachine } from "../../lib/docker/machine";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { PROJECT } from "../../lib/shared/assets";
import { seconds } from "../verify/duration";
import { composeLab } from "./composeLab";
import { measureGrowth } from "./growth";
import { Idle, measureIdle } from "./idle";
import { differences, inspectContainers } from "./parity";
import { pulumiLab } from "./pulumiLab";
import { removeAll } from "./removal";
import { BenchResult, Growth, noiseOf, rowsOf, slowestOf } from "./results";
import { measureRound, MEASURES, Phase, RoundResult } from "./round";
import { System } from "./system";
import { Cells, comparison, growthTables, idleTable, remarks } from "./table";
import { findWorkspace, PLAIN, Size } from "./workspace";

type Pair = Record<System["name"], RoundResult>;

async function main(): Promise<void> {
  const [stack = "", folder = "", file = ""] = process.argv.slice(2);
  const { ROUNDS = "5", IDLE = "300", GROWTH = "0" } = process.env;
  const [rounds, idleSeconds, growthRounds] = [ROUNDS, IDLE, GROWTH].map(Number) as [number, number, number];
  const load = os.loadavg()[0] ?? 0;
  if (!(rounds >= 1 && idleSeconds >= 1 && growthRounds >= 0)) {
    throw new Error("ROUNDS and IDLE are numbers from 1, GROWTH is one from 0");
  }
  const machine = await inspectMachine();
  const place = (prefix: string) => findWorkspace(folder, prefix, stack, machine);
  const lab = pulumiLab(await place("bench-lab-"));
  const second = pulumiLab(await place("bench-second-"));
  const compose = composeLab(await place("bench-compose-"), machine);
  const all = [lab, second, compose];
  const removing = interruptible(all);
  const { scrapeInterval } = readStackFiles([path.join(PROJECT, `Pulumi.${stack}.yaml`)]).settings;
  const phase = (share: number): Phase => ({ intervalSeconds: seconds(scrapeInterval), share });
  try {
    // what a run that was killed left
    await removeAll(all);
    const pairs: Pair[] = [];
    for (let round = 1; round <= rounds; round++) {
      // evenly spread over the scrape interval, for each of the two
      const share = phase((round - 1) / rounds);
      pairs.push(await measurePair([lab, compose], round, PLAIN, share, `round ${String(round)}`));
    }
    const results = { lab: pairs.map((pair) => pair.lab), compose: pairs.map((pair) => pair.compose) };
    const rows = rowsOf(results);
    const result: BenchResult = {
      machine: await describeMachine(stack),
      rounds,
      load,
      noise: noiseOf(load, os.cpus().length, rows),
      rows,
      slowest: { lab: slowestOf(results.lab), compose: slowestOf(results.compose) },
      idle: await watchIdle(lab, idleSeconds),
    };
    // before the growth, which takes long and may fail
    write(file, result);
    if (growthRounds > 0) {
      const growth = await measureGrowth(growthRounds, [lab, second], (size, name) =>
        measurePair([lab, compose], 1, size, phase(0), name),
      );
      write(file, { ...result, noise: [...result.noise, ...growthNoise(growth)], growth });
    }
  } finally {
    removing();
    await removeAll(all);
  }
}

/** A round of each, in turns the one first and the other. */
async function measurePair(
  [lab, compose]: readonly [System, System],
  round: number,
  size: Size,
  phase: Phase,
  name: string,
): Promise<Pair> {
  const results = new Map<System, RoundResult>();
  for (const system of round % 2 === 1 ? [lab, compose] : [compose, lab]) {
    const result = await measureRound(system, size, phase, inspectContainers);
    const measured = MEASURES.map((measure) => `${measure} ${result.seconds[measure]?.toFixed(1) ?? "–"}`);
    console.log(`${name}, ${system.name}: ${measured.join(", ")}`);
    results.set(system, result);
  }
  const pair = { lab: results.get(lab), compose: results.get(compose) } as Pair;
  const unlike = differences(pair.lab.inspected, pair.compose.inspected);
  if (unlike.length > 0) {
    throw new Error(`the containers of the lab (-) and of compose (+) are not alike:\n${unlike.join("\n")}`);
  }
  return pair;
}

async function watchIdle(lab: System, seconds: number): Promise<Idle> {
  await lab.prepare(PLAIN);
  await lab.up();
  await lab.verify();
  const idle = await measureIdle(lab, seconds);
  await lab.destroy();
  return idle;
}

/** Lets Ctrl-C end what runs; while all is removed, which the returned function begins, it is not heard. */
function interruptible(all: readonly System[]): () => void {
  let removing = false;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      console.error("interrupted: everything of the bench is removed");
      if (!removing) {
        all.forEach(({ commands }) => {
          commands.interrupt();
        });
      }
    });
  }
  return () => {
    removing = true;
  };
}

async function describeMachine(stack: string): Promise<BenchResult["machine"]> {
  const [command = "", ...args] = (process.env.COMPOSE ?? "docker compose").split(" ");
  return {
    cores: os.cpus().length,
    GiB: Math.round(os.totalmem() / 1024 ** 3),
    Docker: (await dockerGet<{ Version: string }>("/version")).Version,
    compose: execFileSync(command, [...args, "version", "--short"], { encoding: "utf8" }).trim(),
    Node: process.versions.node,
    stack,
  };
}

function growthNoise({ sizes }: Growth): readonly string[] {
  return sizes.flatMap((grown) => noiseOf(0, 1, grown.rows).map((why) => `${grown.size}, ${why}`));
}

function write(file: string, result: BenchResult): void {
  fs.writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  const tables = [
    comparison(result.rows),
    idleTable(result.idle),
    ...(result.growth === undefined ? [] : growthTables(result.growth)),
  ];
  tables.forEach((cells: Cells) => {
    const table = new Table({ head: [...cells.head], style: { head: [], border: [] } });
    table.push(...cells.rows.map((row) => [...row]));
    console.log(table.toString());
  });
  console.log(remarks(result).join("\n"));
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
