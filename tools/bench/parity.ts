import { dockerGet } from "../../lib/docker/client";
import { containersOf } from "../../lib/settings/services";
import { System } from "./system";

/** Settings of a container that have to be the same in both systems, from `docker inspect`. */
interface Inspected {
  readonly Config: Readonly<Record<string, unknown>> & { readonly Env: readonly string[] };
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

const CONFIG = ["Image", "Cmd", "Entrypoint", "User", "Hostname", "Healthcheck", "StopSignal"];
const HOST = [
  ...["Memory", "MemorySwap", "ReadonlyRootfs", "CapAdd", "CapDrop", "SecurityOpt", "RestartPolicy", "LogConfig"],
  ...["PidMode", "PortBindings", "Privileged", "ShmSize", "CpuShares", "NanoCpus", "Init"],
];

/** The settings of the running containers as text, without what names the one lab or the other. */
export async function inspectContainers({ place }: System): Promise<string> {
  const containers = await Promise.all(
    containersOf({}).map(async (name) => {
      const { Config, HostConfig } = await dockerGet<Inspected>(`/containers/${place.prefix}${name}/json`);
      const picked = { ...pick(Config, CONFIG), Env: [...Config.Env].sort(), ...pick(HostConfig, HOST) };
      return JSON.stringify(picked, null, 1).replaceAll("\n", `\n${name}: `);
    }),
  );
  return Object.entries(place.settings)
    .filter(([setting]) => setting.endsWith("Port"))
    .reduce((text, [setting, port]) => text.replaceAll(String(port), setting), containers.join("\n"));
}

/** Lines of one text that the other has not. */
export function differences(one: string, other: string): readonly string[] {
  const lines = (text: string): string[] => text.split("\n");
  const [ours, theirs] = [new Set(lines(one)), new Set(lines(other))];
  return [
    ...lines(one)
      .filter((line) => !theirs.has(line))
      .map((line) => `- ${line}`),
    ...lines(other)
      .filter((line) => !ours.has(line))
      .map((line) => `+ ${line}`),
  ];
}

function pick(from: Readonly<Record<string, unknown>>, keys: readonly string[]): Record<string, unknown> {
  // absent and empty are the same to the engine
  const present = keys.filter(
    (key) => !["null", "[]", '""', "false", "0", undefined].includes(JSON.stringify(from[key])),
  );
  return Object.fromEntries(present.map((key) => [key, from[key]]));
}
