// Measures this lab beside the same containers by docker compose; prints the results and writes them to a file.
// usage: [ROUNDS=5] [IDLE=300] main.ts STACK FOLDER RESULT
import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { dockerGet } from "../../lib/docker/client";
import { containersOf } from "../../lib/settings/services";
import { runMain } from "../../lib/shared/run";
import { measureIdle } from "./idle";
import { BenchResult, print, remarks, tablesOf } from "./report";
import { measureRound, MEASURES, Round } from "./round";
import { System, withSystems } from "./system";

type Pair = Readonly<Record<System["name"], Round>>;

/** cAdvisor collects idle containers less often; this window contains several collections. */
const MIN_IDLE_SECONDS = 60;

async function main(): Promise<void> {
  const [stack = "", folder = "", file = ""] = process.argv.slice(2);
  const { ROUNDS = "5", IDLE = "300" } = process.env;
  const [count = NaN, idleSeconds = NaN] = [ROUNDS, IDLE].map(Number);
  if (!(count >= 1 && idleSeconds >= 1)) {
    throw new Error(`ROUNDS = ${ROUNDS}, IDLE = ${IDLE}: each must be a number, 1 or more; write ROUNDS=5 IDLE=300`);
  }
  const [load = NaN] = os.loadavg();
  const machine = await describeMachine(stack);
  const lab = await System.create("lab", "bench-lab-", folder, stack);
  const compose = await System.create("compose", "bench-compose-", folder, stack);
  await withSystems([lab, compose], async () => {
    await lab.prepare();
    await lab.run("up");
    await lab.run("verify");
    writeServices(lab, compose);
    const idle = await measureIdle(lab, Math.max(idleSeconds, MIN_IDLE_SECONDS));
    await lab.destroy();
    const pairs: Pair[] = [];
    for (let round = 1; round <= count; round++) {
      const order = round % 2 === 1 ? [lab, compose] : [compose, lab];
      pairs.push(await measurePair(order, (round - 1) / count, `round ${String(round)}`));
    }
    const rounds = { lab: pairs.map(({ lab: it }) => it), compose: pairs.map(({ compose: it }) => it) };
    const result: BenchResult = { machine, load, rounds, idle };
    fs.writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
    tablesOf(result).forEach(print);
    console.log(remarks(result).join("\n"));
  });
}

/** Measures a round of each system, started at that share of a scrape interval. */
async function measurePair(systems: readonly System[], share: number, name: string): Promise<Pair> {
  const results: [string, Round][] = [];
  for (const system of systems) {
    const round = await measureRound(system, share);
    const measured = (Object.keys(MEASURES) as (keyof typeof MEASURES)[]).map(
      (measure) => `${measure} ${round[measure]?.toFixed(1) ?? "–"}`,
    );
    console.log(`${name}, ${system.name}: ${measured.join(", ")}`);
    results.push([system.name, round]);
  }
  return Object.fromEntries(results) as Pair;
}

/** Writes the containers of a running lab as Compose services; only names, ports and addresses differ. */
function writeServices(lab: System, compose: System): void {
  const format = fs.readFileSync(path.join(__dirname, "compose", "service.tmpl"), "utf8");
  const names = containersOf({}).map((name) => `${lab.prefix}${name}`);
  const inspected = execFileSync("docker", ["inspect", "--format", format, ...names], { encoding: "utf8" });
  const gatewayOf = ({ settings: { subnet } }: System): string => String(subnet).replace(/0\/\d+$/, "1");
  const settings = new Map(Object.entries(lab.settings).map(([key, value]) => [String(value), key]));
  const services = inspected
    .replaceAll("$", "$$$$") // Compose would interpolate a single one
    // volumes without data become folders
    .replaceAll(new RegExp(`"${lab.lab}-(grafana-key|\\w+(?=-config))(-config)?:`, "g"), '"./$1:')
    .replaceAll(`"${lab.lab}-`, '"')
    .replaceAll(new RegExp(`^  ${lab.prefix}`, "gm"), "  ")
    .replaceAll(lab.prefix, compose.prefix)
    .replaceAll(gatewayOf(lab), gatewayOf(compose))
    .replaceAll(/\b3\d{4}\b/g, (port) => String(compose.settings[settings.get(port) ?? ""] ?? port));
  fs.mkdirSync(compose.folder, { recursive: true });
  fs.writeFileSync(path.join(compose.folder, "services.yaml"), `services:\n${services}`);
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

runMain(main);
