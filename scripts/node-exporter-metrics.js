// Writes tools/verify/panels/nodeExporterMetrics.json: what node_exporter can expose on Linux, from its source.
// usage: node-exporter-metrics.js MODULE [--check]      MODULE: folder of the Go module, which ends with its version
//        --check: exit code 1 if the file differs; writes nothing
const fs = require("node:fs");
const path = require("node:path");

const [module_ = "", check] = process.argv.slice(2);
const folder = path.join(module_, "collector");
const file = path.join(path.dirname(__dirname), "tools", "verify", "panels", "nodeExporterMetrics.json");

const OTHER_SYSTEM = /_(aix|bsd|darwin|dragonfly|freebsd|macos|netbsd|openbsd|other|solaris)[_.]/;
/** By collector: a pattern of the metrics that are named after what a host has, and their source. */
const OPEN = {
  bcachefs: ["bcachefs_\\w+_total", "/sys/fs/bcachefs"],
  ethtool: ["ethtool_\\w+", "the drivers of network devices"],
  hwmon: ["hwmon_\\w+", "/sys/class/hwmon"],
  lnstat: ["lnstat_\\w+_total", "/proc/net/stat"],
  meminfo_numa: ["memory_numa_\\w+", "/sys/devices/system/node"],
  netstat: ["netstat_[A-Z][a-zA-Z0-9]+_\\w+", "/proc/net/netstat, snmp and snmp6"],
  perf: ["perf_\\w+", "the kernel's tracepoints"],
  rapl: ["rapl_\\w+_joules_total", "/sys/class/powercap"],
  sockstat: ["sockstat_[A-Z0-9]+_(inuse|orphan|tw|alloc|mem|memory|mem_bytes)", "/proc/net/sockstat and sockstat6"],
  sysctl: ["sysctl_\\w+", "/proc/sys"],
  vmstat: ["vmstat_[a-z0-9_]+", "/proc/vmstat"],
  zfs: ["zfs_\\w+", "/proc/spl/kstat/zfs"],
  zoneinfo: ["zoneinfo_protection_\\d+", "/proc/zoneinfo"],
};
/** Metrics of enabled collectors that need a flag which is off by default. */
const FLAGS = {
  cpu_info: "--collector.cpu.info",
  cpu_flag_info: "--collector.cpu.info",
  cpu_bug_info: "--collector.cpu.info",
  network_address_info: "--collector.netdev.address-info",
  softirqs_total: "--collector.stat.softirq",
  systemd_service_restart_total: "--collector.systemd.enable-restarts-metrics",
  systemd_unit_start_time_seconds: "--collector.systemd.enable-start-time-metrics",
  systemd_unit_tasks_current: "--collector.systemd.enable-task-metrics",
  systemd_unit_tasks_max: "--collector.systemd.enable-task-metrics",
};
/** Metrics without a collector. */
const OWN = ["exporter_build_info", "scrape_collector_duration_seconds", "scrape_collector_success"];
/** Dashboard 1860, up to revision 102 at least, queries this instead of kernel_hung_tasks_total. */
const MISSPELT = "kernel_hung_tasks";

/** The sources for Linux, by file name without the suffix. */
function readSources() {
  const files = fs.readdirSync(folder).filter((name) => /(?<!_test)\.go$/.test(name) && !OTHER_SYSTEM.test(name));
  const sources = files.map((name) => [name.replace(/(_linux|_common)?\.go$/, ""), read(name)]);
  return sources.filter(([, text]) => {
    const [, condition = ""] = /^\/\/go:build (.*)$/m.exec(text) ?? [];
    return /\blinux\b/.test(condition) || !/\b(darwin|dragonfly|freebsd)\b/.test(condition);
  });
}

function read(name) {
  return fs.readFileSync(path.join(folder, name), "utf8");
}

/** The sources of each collector: a file that registers none belongs to the closest name. */
function groupByCollector(sources) {
  const all = sources.map(([, text]) => text).join("\n");
  const registered = sources.flatMap(([base, text]) => {
    const [, quoted, name] = /registerCollector\(("?)(\w+)\1, default/.exec(text) ?? [];
    return name === undefined ? [] : [{ base, name: quoted ? name : constant(name, text, all) }];
  });
  const nearest = (base) =>
    registered.filter((it) => `${base}_`.startsWith(`${it.base}_`)).sort((a, b) => b.base.length - a.base.length)[0];
  const texts = new Map(registered.map(({ name }) => [name, ""]));
  for (const [base, text] of sources) {
    const owner = nearest(base)?.name;
    if (texts.has(owner)) {
      texts.set(owner, `${texts.get(owner)}\n${text}`);
    }
  }
  return { texts, all };
}

/** Value of a constant or field, from the first text that has it. */
function constant(name, ...texts) {
  const value = new RegExp(`\\b${name}\\s*:?[=:]\\s*"(\\w*)"`);
  return texts.map((text) => value.exec(text)?.[1]).find((it) => it !== undefined);
}

/** Metric names in the sources of a collector. */
function namesIn(text, open, all) {
  const call = /BuildFQName\(\s*namespace,\s*([\w.]+|"\w*"),\s*((?:[^()]|\([^()]*\))*?),?\s*\)/g;
  // if a variable holds the name, it is one of the words in a map, a struct or a call that creates a description
  const noise = new RegExp(`${call.source}|\\[\\]string\\{[^}]*\\}|.*(logger|Errorf|kingpin|registerCollector).*`, "g");
  const places = /"([a-z]\w*|\w+_\w+)"(?=[:\],])|(?<=Desc\()"(\w+)"/g;
  const words = [...text.replace(noise, "").matchAll(places)].map(([, word, described]) => word ?? described);
  const built = [...text.matchAll(call)].flatMap(([, subsystem, name]) => {
    const prefix = subsystem.startsWith('"') ? subsystem.slice(1, -1) : constant(subsystem.split(".").pop(), text, all);
    const [, literal] = /^"(\w+)"$/.exec(name) ?? [];
    const [, suffix = ""] = /^\w+\+"(\w+)"$/.exec(name) ?? [];
    const variable = open ? [] : words.filter((word) => word !== prefix).map((word) => `${word}${suffix}`);
    return (literal === undefined ? variable : [literal]).map((it) => (prefix ? `${prefix}_${it}` : it));
  });
  const whole = [...text.matchAll(/(?:"node|namespace\+")_(\w*[a-z0-9])"/g)].map(([, name]) => name);
  return [...built, ...whole];
}

/** Metric names in the expected output of node_exporter's end-to-end tests. */
function expectedNames() {
  const outputs = ["e2e-output.txt", "e2e-64k-page-output.txt"].map((name) => read(path.join("fixtures", name)));
  return outputs.flatMap((text) => [...text.matchAll(/^node_(\w+)/gm)].map(([, name]) => name));
}

/** The collector of the known name that shares the most leading words with a name. */
function ownerOf(name, owners) {
  const words = name.split("_");
  const shared = (known) => [...known.split("_"), ""].findIndex((word, index) => word !== words[index]);
  return [...owners].reduce((best, known) => (shared(known[0]) > shared(best[0]) ? known : best))[1];
}

function collect() {
  const { texts, all } = groupByCollector(readSources());
  const names = new Map([["", OWN], ...[...texts].map(([name, text]) => [name, namesIn(text, name in OPEN, all)])]);
  const owners = new Map([...names].flatMap(([collector, known]) => known.map((name) => [name, collector])));
  Object.entries(OPEN).forEach(([collector, [pattern]]) => owners.set(pattern, collector));
  for (const name of expectedNames().filter((it) => !owners.has(it))) {
    names.get(ownerOf(name, owners)).push(name);
  }
  names.get("kernel_hung").push(MISSPELT);
  const fields = (name) => new RegExp(`"collector\\.${name}\\.fields".*?\\.Default\\("(.*?)"\\)`).exec(all)?.[1];
  return {
    source: `node_exporter ${/@(.+?)\/?$/.exec(module_)?.[1]}`,
    names: Object.fromEntries([...names].sort().map(([name, known]) => [name, [...new Set(known)].sort().join(" ")])),
    open: Object.fromEntries(
      Object.entries(OPEN).map(([name, [pattern, filledBy]]) => [name, { pattern, filledBy, fields: fields(name) }]),
    ),
    flags: FLAGS,
  };
}

const wanted = `${JSON.stringify(collect(), null, 2)}\n`;
if (check !== "--check") {
  fs.writeFileSync(file, wanted);
} else if (fs.readFileSync(file, "utf8") !== wanted) {
  console.error(`${file} is not what ${module_} exposes: run scripts/node-exporter-metrics.js ${module_}`);
  process.exitCode = 1;
}
