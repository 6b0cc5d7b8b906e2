import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { explainMetric } from "../../tools/verify/panels/nodeExporter";

const PROJECT = path.join(__dirname, "..", "..");
const REAL_DASHBOARD = path.join(PROJECT, "..", "shared", "data", "dashboards", "1860_rev102.json");
const MODULE = "github.com/prometheus/node_exporter";
const RUNNING = new Map(
  ["cpu", "hwmon", "loadavg", "meminfo", "netdev", "netstat", "vmstat"].map((it) => [it, it !== "hwmon"]),
);
const { skip } = it;

function pinnedVersion(): string {
  const text = fs.readFileSync(path.join(PROJECT, "offline", "go.mod"), "utf8");
  return new RegExp(`${MODULE} (\\S+)`).exec(text)?.[1] ?? "";
}

/** The module of node_exporter, where a build for closed networks has fetched it. */
function moduleFolder(): string {
  const cache = process.env.GOMODCACHE ?? path.join(os.homedir(), "go", "pkg", "mod");
  return path.join(cache, `${MODULE}@${pinnedVersion()}`);
}

describe("a name that node_exporter never had", () => {
  it.each([
    // before its release 0.16
    ["node_cpu", "node_cpu_seconds_total"],
    ["node_memory_MemTotal", "node_memory_MemTotal_bytes"],
    ["node_memory_MemFree", "node_memory_MemFree_bytes"],
    ["node_boot_time", "node_boot_time_seconds"],
    ["node_time", "node_time_seconds"],
    ["node_intr", "node_intr_total"],
    ["node_disk_bytes_read", "node_disk_read_bytes_total"],
    ["node_disk_bytes_written", "node_disk_written_bytes_total"],
    ["node_disk_io_time_ms", "node_disk_io_time_seconds_total"],
    ["node_disk_reads_completed", "node_disk_reads_completed_total"],
    ["node_filesystem_avail", "node_filesystem_avail_bytes"],
    ["node_filesystem_size", "node_filesystem_size_bytes"],
    ["node_network_receive_bytes", "node_network_receive_bytes_total"],
    // typing errors
    ["node_load_1", "node_load1"],
    ["Node_load1", "node_load1"],
    ["node_memory_memavailable_bytes", "node_memory_MemAvailable_bytes"],
    ["node_memory_Available", "node_memory_MemAvailable_bytes"],
    ["node_network_recieve_bytes_total", "node_network_receive_bytes_total"],
    ["node_netstat_Tcp_CurrEstb", "node_netstat_Tcp_CurrEstab"],
    ["node_vmstat_pgpgni", "node_vmstat_pgpgin"],
    ["node_sockstat_TCP_inusee", "node_sockstat_TCP_inuse"],
  ])("%s is reported with the likely one", (metric, right) => {
    const error = `node_exporter ${pinnedVersion()} exposes no ${metric}, did you mean ${right}?`;
    expect(explainMetric(metric, RUNNING)).toStrictEqual({ error });
  });

  it("is reported alone if no similar name exists", () => {
    expect(explainMetric("node_namespace_pod:info:", RUNNING)).toStrictEqual({
      error: `node_exporter ${pinnedVersion()} exposes no node_namespace_pod:info:`,
    });
  });
});

describe("a name that node_exporter can expose", () => {
  it.each([
    ["node_hwmon_fan_rpm", "collector hwmon reports nothing"],
    ["node_hwmon_in_lcrit_volts", "collector hwmon reports nothing"],
    ["node_logind_sessions", "collector logind is off in this lab"],
    ["node_cpu_info", "node_cpu_info needs --collector.cpu.info, which is off in this lab"],
    ["node_netstat_Tcp_MaxConn", "--collector.netstat.fields leaves out node_netstat_Tcp_MaxConn"],
    ["node_vmstat_zswpin", "--collector.vmstat.fields leaves out node_vmstat_zswpin"],
    ["node_vmstat_nr_free_pages", "--collector.vmstat.fields leaves out node_vmstat_nr_free_pages"],
    ["node_netstat_Sctp6_InErrors", "no node_netstat_Sctp6_InErrors in /proc/net/netstat, snmp and snmp6"],
    ["node_cpu_core_throttles_total", "no node_cpu_core_throttles_total"],
    // cpufreq has it too, and does not run here
    ["node_cpu_frequency_hertz", "no node_cpu_frequency_hertz"],
    ["node_scrape_collector_success", "no node_scrape_collector_success"],
  ])("%s is accepted", (metric, reason) => {
    expect(explainMetric(metric, RUNNING)).toStrictEqual({ reason });
  });

  const onRealFile = fs.existsSync(REAL_DASHBOARD) ? it : skip;
  onRealFile("is every one of dashboard 1860", () => {
    const queries = [...fs.readFileSync(REAL_DASHBOARD, "utf8").matchAll(/"(?:expr|query)": "(.*)"/g)];
    const metrics = new Set(queries.flatMap(([, query = ""]) => query.match(/\bnode_\w+/g) ?? []));
    expect(metrics.size).toBeGreaterThan(200);
    expect([...metrics].filter((metric) => "error" in explainMetric(metric, RUNNING))).toStrictEqual([]);
  });

  const withModule = fs.existsSync(moduleFolder()) ? it : skip;
  withModule("is read from the source of the pinned release", () => {
    const script = path.join(PROJECT, "scripts", "node-exporter-metrics.js");
    expect(() => execFileSync(process.execPath, [script, moduleFolder(), "--check"], { stdio: "pipe" })).not.toThrow();
  });
});
