import * as fs from "node:fs";
import * as path from "node:path";
import { impossible, Machines } from "../support/machines";
import { MANAGER, secondsUntil, SwarmLab } from "../support/swarmLab";

jest.setTimeout(300_000);

const why = impossible();
/** Only where each controller has a file system of its own can one be taken away. */
const MEMORY = "/sys/fs/cgroup/memory";
const SOCKET = "/run/elsewhere.sock";
const UNCHANGED = /Resources:\n\s+\d+ unchanged/;
const IMAGES = ["prometheusImage", "grafanaImage", "nodeExporterImage", "cadvisorImage", "pushgatewayImage"];
/** What Docker and containerd keep there themselves. */
const OF_DOCKER = /^\/run\/(docker\/|containerd\/(s|io\.containerd[^/]*|runc)(\/|$)|containerd$|xtables\.lock$)/;

(why === undefined ? describe : describe.skip)(
  `a machine whose Docker listens elsewhere and has no memory controller (${why ?? "one of its own"})`,
  () => {
    const machines = new Machines({ SOCKET, ...(fs.existsSync(MEMORY) ? { MEMORY: "no" } : {}) });
    let lab: SwarmLab;
    let before: readonly string[];

    const paths = (): readonly string[] => {
      const { output } = machines.run(MANAGER, ["find", "/run", "/etc"]);
      return output.split("\n").filter((it) => !OF_DOCKER.test(it));
    };
    const doctor = (): string => machines.run(MANAGER, ["scripts/doctor"], { ...lab.environment }).output;

    beforeAll(() => {
      lab = new SwarmLab(machines);
      machines.start(MANAGER, lab.images(...IMAGES));
      lab.prepare({});
      before = paths();
    });

    afterAll(() => {
      machines.remove();
    });

    it("has a lab that passes verify, and is changed neither by a second up nor by a refresh", () => {
      lab.apply();
      expect(lab.verify().failed).toEqual([]);
      expect(lab.preview()).toMatch(UNCHANGED);
      expect(lab.preview("--refresh")).toMatch(UNCHANGED);
    });

    (fs.existsSync(MEMORY) ? it : it.skip)("gets a warning from doctor that Docker cannot limit memory", () => {
      expect(doctor()).toContain("Docker cannot limit a container's memory");
      expect(machines.docker(MANAGER, "inspect", "--format", "{{.HostConfig.Memory}}", "swarm-grafana")).toBe("0");
    });

    it("hides recreated sockets from node_exporter, and shows it only udev's data without systemd", async () => {
      const [dbus, udev] = ["/run/dbus/system_bus_socket", "/run/udev/data"];
      machines.run(MANAGER, ["sh", "-c", `mkdir -p /run/dbus ${udev} && touch ${dbus} ${udev}/b254:0`]);
      lab.apply();
      expect(lab.preview()).toMatch(UNCHANGED);
      expect(lab.preview("--refresh")).toMatch(UNCHANGED);
      const seen = (): string[] =>
        machines
          .docker(MANAGER, "exec", "--user", "0", "swarm-node_exporter", "find", "/host/run", "!", "-type", "d")
          .split("\n");
      expect(seen()).toEqual([`/host${udev}/b254:0`]);
      // dockerd starts its containerd again, which removes its socket first
      const socket = "/run/docker/containerd/containerd.sock";
      const inode = (): string => machines.run(MANAGER, ["stat", "--format", "%i", socket]).output;
      const before = inode();
      machines.run(MANAGER, ["sh", "-c", "kill $(cat /run/docker/containerd/containerd.pid)"]);
      const back = (): boolean => machines.run(MANAGER, ["docker", "exec", "swarm-node_exporter", "true"]).ok;
      await secondsUntil(() => /^\d+$/m.test(inode()) && inode() !== before && back());
      expect(seen()).toEqual([`/host${udev}/b254:0`]);
    });

    it("reports why a collector of node_exporter cannot read the host", () => {
      const bus = "/run/dbus/system_bus_socket"; // at which nobody responds
      machines.run(MANAGER, ["sh", "-c", `mkdir -p /run/systemd/system; rm ${bus}`]);
      machines.run(MANAGER, ["python3", "-c", `import socket; socket.socket(socket.AF_UNIX).bind("${bus}")`]);
      lab.apply();
      const { seen, failed } = lab.verify();
      expect(failed).toEqual([]);
      expect(seen.host).toMatch(/; collector systemd fails, its panels stay empty: .*dbus.*: permission denied$/);
    });

    it("has the socket that there is in cAdvisor, and nothing else in /run and /etc after destroy", () => {
      const format = '{{range .Mounts}}{{if eq .Destination "/var/run/docker.sock"}}{{.Source}}{{end}}{{end}}';
      expect(machines.docker(MANAGER, "inspect", "--format", format, "swarm-cadvisor")).toBe(SOCKET);
      expect(lab.destroy().ok).toBe(true);
      machines.run(MANAGER, ["rm", "-r", "/run/dbus", "/run/udev", "/run/systemd"]);
      expect(paths()).toEqual(before);
      expect(machines.leftovers(MANAGER)).toEqual([]);
    });

    it("is found by the current Docker context, and not at the usual place", () => {
      const usual = "/run/docker.sock"; // of an engine that does not run
      const DOCKER_CONFIG = path.join(machines.folder, "client");
      const run = (...command: string[]): string =>
        machines.run(MANAGER, ["env", "--unset=DOCKER_HOST", ...command], { ...lab.environment, DOCKER_CONFIG }).output;
      run("python3", "-c", `import socket; socket.socket(socket.AF_UNIX).bind("${usual}")`);
      expect(run("scripts/doctor")).toContain(`Docker does not respond at /var${usual}`);
      run("docker", "context", "create", "elsewhere", "--docker", `host=unix://${SOCKET}`);
      run("docker", "context", "use", "elsewhere");
      expect(run("scripts/doctor")).not.toContain("does not respond");
      run("docker", "context", "use", "default");
      expect(run("env", "DOCKER_CONTEXT=elsewhere", "scripts/doctor")).not.toContain("does not respond");
      run("rm", usual);
    });

    it("is reported by doctor with a folder in the place of a socket", () => {
      const folder = "/run/containerd/containerd.sock";
      machines.run(MANAGER, ["mkdir", "-p", folder]);
      expect(doctor()).toContain(`${folder} is a folder instead of a socket`);
      machines.run(MANAGER, ["rmdir", folder]);
      expect(doctor()).not.toContain("is a folder instead of a socket");
    });
  },
);
