// Profiles an up from nothing, an unchanged preview and an unchanged up of a separate lab by resource.
// usage: profile.ts STACK FOLDER
import { spawn } from "node:child_process";
import { once } from "node:events";
import * as path from "node:path";
import { createInterface } from "node:readline";
import { PROJECT } from "../../lib/shared/assets";
import { print } from "./report";
import { interrupted, System, withSystems } from "./system";

/** A time span in seconds since the start of the command. */
interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** Events of the Pulumi engine that start or end the work on a resource. */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: { readonly urn: string; readonly op: string } };
  readonly resOutputsEvent?: { readonly metadata: { readonly urn: string } };
}

/** Shorter spans are not printed. */
const MIN_SECONDS = 0.05;

async function main(): Promise<void> {
  const [stack = "", folder = ""] = process.argv.slice(2);
  const lab = await System.create("lab", "bench-profile-", folder, stack);
  await withSystems([lab], async () => {
    await lab.prepare();
    for (const command of [["up", "--yes", "--skip-preview"], ["preview"], ["up", "--yes", "--skip-preview"]]) {
      interrupted.throwIfAborted();
      await profile(command, lab.env);
    }
  });
}

/** Runs the CLI with JSON events and takes their time of arrival, as their own timestamps are whole seconds. */
async function profile(command: readonly string[], env: NodeJS.ProcessEnv): Promise<void> {
  const start = Date.now();
  const elapsed = (): number => (Date.now() - start) / 1000;
  const resources = new Map<string, Span>();
  const child = spawn(path.join(PROJECT, "scripts", "pulumi"), [...command, "--json"], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...env, PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const { resourcePreEvent, resOutputsEvent } = (line.startsWith("{") ? JSON.parse(line) : {}) as Event;
    const { urn, op } = resourcePreEvent?.metadata ?? { urn: resOutputsEvent?.metadata.urn ?? "", op: "" };
    const started = resources.get(urn);
    if (resourcePreEvent !== undefined) {
      resources.set(urn, { name: `${op} ${urn.split("::").pop() ?? ""}`, from: elapsed(), to: NaN });
    } else if (started !== undefined && Number.isNaN(started.to)) {
      resources.set(urn, { ...started, to: elapsed() });
    }
  });
  const [code] = (await once(child, "close")) as [number | null];
  console.log(`\npulumi ${command.join(" ")}: ${elapsed().toFixed(2)} s${code === 0 ? "" : ", failed"}`);
  const shown = [...resources.values()].filter(({ from, to }) => to - from >= MIN_SECONDS);
  const rows = shown.map(({ name, from, to }) => [name, ...[from, to, to - from].map((it) => it.toFixed(2))]);
  print({ head: ["resource", "from", "to", "seconds"], rows });
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
});
