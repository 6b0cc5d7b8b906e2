import * as path from "node:path";
import { PROJECT } from "../support/harness";
import { CommandResult, MachineEngine, Machines } from "../support/machines";
import { record } from "../support/results";
import { MANAGER, SwarmLab } from "../support/swarmLab";
import { recordEngine } from "./results";

/** An engine, and what docs/reliability.md says about it. */
export interface Configuration extends MachineEngine {
  readonly besides: readonly string[];
}

const IMAGES = ["prometheusImage", "grafanaImage", "nodeExporterImage", "cadvisorImage", "pushgatewayImage"];
const UNCHANGED = /Resources:\n\s+\d+ unchanged/;
/**
 * What the engine and containerd keep there themselves; a socket's own place is not among it. `adduser` is the lock of the
 * command by which the engine makes its user for userns-remap.
 */
const OF_ENGINE =
  /^\w \/(etc\/docker(\/.*)?|run\/(docker(\.\d+\.\d+)?(\/.*)?|containerd\/(fifo|s|io\.containerd[^/]*|runc)(\/.*)?|containerd|runc|nri(\/.*)?|xtables\.lock|adduser))$/;
const GRAFANA = "http://127.0.0.1:3000";
const DASHBOARD = { uid: "made-by-hand", title: "Made by hand" };
/** Ends an up with all that it started as soon as there is a container. */
const KILLED_UP = `
  setsid scripts/pulumi up --yes --skip-preview >/dev/null 2>&1 & up=$!
  until docker container inspect swarm-prometheus >/dev/null 2>&1; do kill -0 $up || exit 1; sleep 0.1; done
  pkill -KILL --session $up`;

/** All that a lab has to do on an engine, each step on what the one before has left. */
export function scenario({ besides, ...engine }: Configuration): void {
  let machines: Machines | undefined;
  let lab: SwarmLab;
  let before: readonly string[];
  let first: number;

  const made = (): Machines => {
    if (machines === undefined) {
      throw new Error("there is no machine");
    }
    return machines;
  };
  const docker = (...args: string[]): string => made().docker(MANAGER, ...args);
  const paths = (): readonly string[] => {
    const { output } = made().run(MANAGER, ["find", "/run", "/etc", "-printf", "%y %p\\n"]);
    return output
      .split("\n")
      .filter((it) => !OF_ENGINE.test(it) || /^d .*\.sock$/.test(it))
      .sort();
  };
  const script = (name: string, FILE: string): CommandResult =>
    made().run(MANAGER, [path.join(PROJECT, "scripts", name)], { ...lab.environment, FILE });
  const grafana = (method: string, api: string, body?: object): unknown => {
    const json =
      body === undefined ? [] : ["--header", "content-type: application/json", "--data", JSON.stringify(body)];
    return lab.ask(`${GRAFANA}${api}`, "--user", `admin:${lab.password()}`, "--request", method, ...json);
  };
  const expectKept = (): void => {
    expect(grafana("GET", `/api/dashboards/uid/${DASHBOARD.uid}`)).toMatchObject({ dashboard: DASHBOARD });
    expect(firstSample()).toBe(first);
  };
  const firstSample = (): number => {
    const [sample] = lab.query("min_over_time(timestamp(up{job='prometheus'})[1h:])");
    return Math.round(Number(sample?.value[1]) / 60);
  };
  /** Sees that the next up ends green, and notes how long that took. */
  const expectGreen = (fault?: string): void => {
    const begin = Date.now();
    lab.apply();
    expect(lab.verify().failed).toEqual([]);
    const seconds = (Date.now() - begin) / 1000;
    expect(lab.preview()).toMatch(UNCHANGED);
    if (fault !== undefined) {
      record({ part: "the engine", fault, lost: "nothing", seconds });
    }
  };
  const expectGone = (): void => {
    expect(made().leftovers(MANAGER)).toEqual([]);
    expect(paths()).toEqual(before);
  };

  const steps: readonly (readonly [string, () => void])[] = [
    [
      "comes up green, and neither a second up nor a refresh changes it",
      () => {
        expectGreen();
        expect(lab.up().output).toMatch(UNCHANGED);
        expect(lab.preview("--refresh")).toMatch(UNCHANGED);
      },
    ],
    [
      "takes a changed setting",
      () => {
        lab.configure({ scrapeInterval: "4s" });
        lab.apply();
        expect(JSON.stringify(lab.ask("http://127.0.0.1:9090/api/v1/status/config"))).toContain("scrape_interval: 4s");
        expect(lab.preview()).toMatch(UNCHANGED);
      },
    ],
    [
      "has a container repaired that was killed, and one that is paused",
      () => {
        docker("kill", "swarm-grafana");
        docker("pause", "swarm-cadvisor");
        expectGreen();
      },
    ],
    [
      "is restored from a backup",
      () => {
        const file = path.join(made().folder, "backup.tar");
        grafana("POST", "/api/dashboards/db", { dashboard: DASHBOARD });
        first = firstSample();
        expectOk(script("backup", file));
        grafana("DELETE", `/api/dashboards/uid/${DASHBOARD.uid}`);
        expectOk(script("restore", file));
        expectKept();
      },
    ],
    [
      "lives through a restart of the daemon",
      () => {
        const started = (): string => docker("inspect", "--format", "{{.State.StartedAt}}", "swarm-prometheus");
        const [restored, since] = [docker("info", "--format", "{{.LiveRestoreEnabled}}") === "true", started()];
        made().restart(MANAGER);
        expectGreen("the Docker daemon restarted");
        expect(started() === since).toBe(restored);
        expectKept();
      },
    ],
    [
      "lives through a reboot",
      () => {
        made().reboot(MANAGER);
        expectGreen("the machine rebooted: engine, containers, network and app gone at once");
        expectKept();
      },
    ],
    [
      "leaves nothing when it is destroyed",
      () => {
        expectOk(lab.destroy());
        expectGone();
      },
    ],
    [
      "leaves nothing when it is destroyed after an up that was killed, and a restart of the daemon",
      () => {
        expectOk(made().run(MANAGER, ["sh", "-c", KILLED_UP], lab.environment));
        made().restart(MANAGER);
        const begin = Date.now();
        expectOk(lab.destroy());
        const fault = "after SIGKILL while containers are made, and a restart of the Docker daemon";
        record({ part: "destroy", fault, lost: "all data, as asked", seconds: (Date.now() - begin) / 1000 });
        expectGone();
      },
    ],
  ];

  beforeAll(() => {
    machines = new Machines({ CLUSTER: "lab-engine", ...engine });
    lab = new SwarmLab(machines);
    machines.start(MANAGER, lab.images(...IMAGES));
    lab.prepare({});
    before = paths();
  });

  let left = steps.length;
  for (const [title, step] of steps) {
    it(title, () => {
      step();
      left--;
    });
  }

  afterAll(() => {
    if (machines !== undefined && left === 0) {
      const info = JSON.parse(docker("info", "--format", "{{json .}}")) as EngineInfo;
      const { ServerVersion: version, Driver: storageDriver, CgroupVersion: cgroups } = info;
      recordEngine({ version, containerd: engine.CONTAINERD ?? "own", storageDriver, cgroups, besides });
    }
    machines?.remove();
  });
}

/** Sees that a command went well; its output is in the error. */
function expectOk({ ok, output }: CommandResult): void {
  expect(ok ? "" : output).toBe("");
}

/** What the engine says of itself. */
interface EngineInfo {
  readonly ServerVersion: string;
  readonly Driver: string;
  readonly CgroupVersion: string;
}
