import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as net from "node:net";
import { setTimeout } from "node:timers/promises";
import { docker, inspect } from "../support/harness";
import { UserLab } from "../support/userLab";

/** Every way by which a process may read another one that is not a thread of the kernel; a line for each that works. */
const READ_ALL = `for process in /proc/[0-9]*; do
  command=$(tr '\\0' ' ' 2>/dev/null <"$process/cmdline" | head -n 1 | cut -c 1-40)
  [ -n "$command" ] || continue
  for way in environ maps auxv syscall root/etc/passwd fd/0 cwd/.; do
    { ls -d "$process/$way" && head -c 1 "$process/$way" || ls "$process/$way/"; } >/dev/null 2>&1 &&
      echo "$command: $way"
  done
done
true`;
/** Where a socket of the host appears after the lab is up, as the engine's own do when it starts again. */
const LATER = `/run/observability-lab-attack-${String(process.pid)}.sock`;
/** What node_exporter needs of the host's /run, and the folders on the way. */
const NEEDED = /^\/host\/run(\/dbus(\/system_bus_socket)?|\/udev(\/data(\/.*)?)?)?$/;

/** What somebody does who has taken over node_exporter, the only program that sees the host's processes. */
export function processesAttacks(given: () => UserLab): void {
  const attack = (script: string, ...options: string[]): { status: number | null; output: string } => {
    const target = given().container("node_exporter");
    const { status, stdout, stderr } = spawnSync("docker", ["exec", ...options, target, "sh", "-c", script], {
      encoding: "utf8",
    });
    return { status, output: `${stdout}${stderr}`.trim() };
  };
  const pid = (name: string): string => String(inspect(given().container(name), ".State.Pid"));

  it("node_exporter reads nothing of any process but its own", () => {
    const { output } = attack(READ_ALL);
    const ways = output.split("\n");
    // it would find a way if there were one
    expect(ways.some((it) => it.startsWith("/bin/node_exporter"))).toBe(true);
    expect(ways.filter((it) => !/^(\/bin\/node_exporter|sh -c for process) /.test(it))).toEqual([]);
  });

  it.each([
    ["prometheus", "/lab/prometheus.yml", "/prometheus"],
    ["alertmanager", "/lab/alertmanager.yml", "/alertmanager"],
    ["pushgateway", "/pushgateway/metrics", "/pushgateway"],
    ["grafana", "/lab/admin_password", "/var/lib/grafana"],
  ])("node_exporter neither reads the files of %s, nor writes its data, nor ends it", (name, file, folder) => {
    const [lab, target] = [given(), given().container(name)];
    if (!docker("container", "ls", "--format", "{{.Names}}").split("\n").includes(target)) {
      expect([name, lab.own().alertWebhook]).toEqual(["alertmanager", undefined]);
      return;
    }
    const root = `/proc/${pid(name)}/root`;
    expect(attack(`cat ${root}${file}`)).toMatchObject({ status: 1 });
    expect(attack(`touch ${root}${folder}/written`)).toMatchObject({ status: 1 });
    expect(attack(`kill -s STOP ${pid(name)}`)).toMatchObject({ status: 1 });
  });

  it("no program but node_exporter runs on the machine as its user or in its group", async () => {
    const own = pid("node_exporter");
    const read = (process: string, file: string): string => {
      try {
        return fs.readFileSync(`/proc/${process}/${file}`, "utf8");
      } catch {
        return ""; // it has ended
      }
    };
    const ids = (process: string): string[] =>
      [...read(process, "status").matchAll(/^(?:U(id)|G(?:id|roups)):\t(.*)$/gm)].flatMap(([, user, list = ""]) =>
        list
          .trim()
          .split(/\s+/)
          .map((id) => `${user === undefined ? "group" : "user"} ${id}`),
      );
    const mine = new Set(ids(own));
    expect(mine).not.toContain("user 65534");
    const same = (): string[] =>
      fs.readdirSync("/proc").filter((it) => /^\d+$/.test(it) && ids(it).some((id) => mine.has(id)));
    expect(same()).toContain(own);
    // another lab's counts as the same program, and its health check is there for a moment only
    const stays = same().filter((it) => read(it, "comm").trim() !== "node_exporter");
    await setTimeout(5000);
    expect(stays.filter((it) => same().includes(it)).map((it) => read(it, "comm"))).toEqual([]);
  });

  it("no file of the host's /run is in node_exporter but the two that it needs, not even a socket made later", async () => {
    const server = net.createServer().listen(LATER);
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      // root sees more than the program's own user
      for (const options of [[], ["--user", "0"]]) {
        const { output } = attack("find /host/run", ...options);
        const found = output.split("\n");
        expect(found).toContain("/host/run");
        expect(found.filter((it) => !NEEDED.test(it))).toEqual([]);
        expect(attack("touch /host/run/written", ...options).output).toContain("Read-only file system");
      }
    } finally {
      server.close();
    }
  });
}
