import { readFileSync } from "node:fs";
import * as path from "node:path";
import type { Machine } from "../lib/docker/machine";
import type { Settings } from "../lib/settings/settings";
import { attempt } from "../lib/shared/attempt";
import type { PolicyContext } from "./resource";

/** The settings that policies use. */
export type PolicySettings = Pick<Settings, "bindAddress" | "namePrefix" | "subnet" | "gateway" | "webPassword">;

/** The context of the policies, from the machine and the lab's settings; `checkout` is the one that is checked. */
export function contextOf(
  machine: Pick<Machine, "sockets" | "socket" | "containerdSocket" | "memoryLimit">,
  settings: PolicySettings,
  checkout: string,
): PolicyContext {
  const texts = new Map<string, string | undefined>();
  return {
    bindAddress: settings.bindAddress,
    namePrefix: settings.namePrefix,
    subnet: settings.subnet,
    gateway: settings.gateway,
    webPassword: settings.webPassword !== undefined,
    sockets: machine.sockets,
    memoryLimit: machine.memoryLimit,
    engine: [machine.socket, ...(machine.containerdSocket === undefined ? [] : [machine.containerdSocket])],
    asset: (file) => {
      if (!texts.has(file)) {
        const text = attempt(() => readFileSync(path.join(checkout, "assets", file), "utf8"));
        texts.set(file, text);
      }
      return texts.get(file);
    },
  };
}
