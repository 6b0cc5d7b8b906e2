import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { impossible } from "../support/machines";
import { Configuration, scenario } from "./scenario";

jest.setTimeout(600_000);

/** Where offline/build leaves the current engine. */
const { LAB_TOOLS, XDG_CACHE_HOME = path.join(os.homedir(), ".cache") } = process.env;
const CURRENT = path.join(LAB_TOOLS ?? path.join(XDG_CACHE_HOME, "observability-lab", "offline"), "engine/root/bin");

/** Where a machine has control groups of version 2, every engine takes them. */
const CGROUPS_V2 = "/sys/fs/cgroup/cgroup.controllers";

const LIVE_RESTORE = "--live-restore";
const USERNS = "--userns-remap=default";
/** Of the default network alone, as an old engine has it. */
const IPV6_BRIDGE = "--ipv6 --fixed-cidr-v6=fd00:90::/64";
/** Of every network that does not refuse it, the lab's too. */
const IPV6 = "--ipv6 --default-network-opt=bridge=com.docker.network.enable_ipv6=true";

/** Each option with an old engine and with a current one, in as few of them as that takes. */
const ENGINES: readonly (readonly [string, Configuration])[] = [
  ["this machine's, which starts its containerd", { ENGINE_FLAGS: LIVE_RESTORE, besides: ["live-restore"] }],
  [
    "this machine's, with the system's containerd",
    { CONTAINERD: "system", ENGINE_FLAGS: `${USERNS} ${IPV6_BRIDGE}`, besides: ["userns-remap", "IPv6"] },
  ],
  [
    "a current one, which starts its containerd",
    { ENGINE: CURRENT, ENGINE_FLAGS: IPV6, besides: ["IPv6 on every network"] },
  ],
  [
    "a current one, with the system's containerd",
    { ENGINE: CURRENT, CONTAINERD: "system", ENGINE_FLAGS: LIVE_RESTORE, besides: ["live-restore"] },
  ],
  [
    "a current one, which gives containers users of their own",
    { ENGINE: CURRENT, ENGINE_FLAGS: USERNS, besides: ["userns-remap"] },
  ],
];

/** Why an engine cannot be tried here; undefined where it can. */
function reason({ ENGINE }: Configuration): string | undefined {
  const missing = ENGINE !== undefined && !fs.existsSync(path.join(ENGINE, "dockerd"));
  return impossible() ?? (missing ? "offline/build engine was not run" : undefined);
}

describe.each(ENGINES)("a lab on %s", (_, configuration) => {
  const why = reason(configuration);
  (why === undefined ? describe : describe.skip)(why ?? "an engine of its own", () => {
    scenario(configuration);
  });
});

// where a machine has controllers in version 1, no namespace takes them from there
if (!fs.existsSync(CGROUPS_V2)) {
  it.skip("a lab on control groups of version 2, which this machine does not have", () => undefined);
}
