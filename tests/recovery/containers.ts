import { setTimeout } from "node:timers/promises";
import { CONFIG_FOLDER } from "../../components/container/spec";
import { docker, eventually, inspect, pruneLab } from "../support/harness";
import { killProgram } from "../support/processes";
import { Fixture, expectRepaired } from "./repair";

const CONTAINERS = ["cadvisor", "grafana", "node-exporter", "prometheus", "pushgateway"].map(
  (name) => `${name}-container`,
);
const KILLS = 5;

/** Faults of containers and of their network. */
export function injectContainerFaults(fixture: () => Fixture): void {
  const part = "containers";
  const name = (hostname: string): string => fixture().lab.container(hostname);

  it("stopped", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container stopped",
      cause: () => docker("stop", name("pushgateway")),
      shows: ["pushgateway-container"],
    }));

  it("removed by hand", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container removed by hand",
      cause: () => docker("rm", "--force", name("prometheus")),
      shows: ["prometheus-container"],
    }));

  it("paused", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container paused",
      cause: () => docker("pause", name("node_exporter")),
      shows: ["node-exporter-container"],
    }));

  it("created and never started", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container created and never started",
      cause: () => {
        const image = docker("inspect", "--format", "{{.Image}}", name("cadvisor"));
        docker("rm", "--force", name("cadvisor"));
        const label = `observability-lab.lab=${fixture().lab.lab}`;
        docker("create", "--name", name("cadvisor"), "--label", label, image);
      },
      shows: ["cadvisor-container"],
    }));

  it("left by docker system prune", () =>
    expectRepaired(fixture(), {
      part,
      fault: "docker system prune",
      cause: () => pruneLab(fixture().lab.lab),
      shows: [],
    }));

  it("killed over and over", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container killed over and over",
      cause: async () => {
        for (let kill = 0; kill < KILLS; kill++) {
          await eventually(() => Promise.resolve((inspect(name("cadvisor"), ".State.Pid") as number) || undefined));
          killProgram(name("cadvisor"));
          await setTimeout(100);
        }
      },
      shows: [],
      // the engine starts it again by itself, after a longer pause each time
      mayShow: ["cadvisor-container"],
    }));

  it("its memory limit changed by hand", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container's memory limit changed by hand",
      cause: () => docker("update", "--memory", "96m", "--memory-swap", "96m", name("node_exporter")),
      shows: ["node-exporter-container"],
    }));

  it("its configuration file changed by hand", () =>
    expectRepaired(fixture(), {
      part,
      fault: "prometheus.yml changed by hand",
      cause: () => {
        const image = docker("inspect", "--format", "{{.Image}}", name("prometheus"));
        const mounts = inspect(name("prometheus"), ".Mounts") as { Name: string; Destination: string }[];
        const volume = mounts.find(({ Destination }) => Destination === CONFIG_FOLDER)?.Name ?? "";
        const root = ["--rm", "--user", "0:0", "--volume", `${volume}:/by-hand`, "--entrypoint", "sh"];
        docker("run", ...root, image, "-c", "echo '# by hand' >>/by-hand/prometheus.yml");
      },
      shows: ["prometheus-config-files", "prometheus-reload"],
    }));

  it("taken off the network", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a container taken off the lab's network",
      cause: () => docker("network", "disconnect", fixture().lab.lab, name("grafana")),
      shows: ["grafana-container"],
    }));

  it("all of them with their network removed", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the lab's network removed",
      cause: () => {
        const network = fixture().lab.lab;
        const members = docker("network", "inspect", "--format", "{{range .Containers}}{{.Name}} {{end}}", network);
        members
          .split(" ")
          .filter(Boolean)
          .forEach((it) => docker("network", "disconnect", "--force", network, it));
        docker("network", "rm", network);
      },
      shows: ["lab-network", ...CONTAINERS],
      // it listens on the network's gateway, too
      mayShow: ["flask-process"],
    }));
}
