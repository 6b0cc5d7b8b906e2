// Writes a table in docs/ from Pulumi.yaml, or from the last results of tests in .lab.
// usage: tables.js settings [--check] | faults | engines      --check: exit code 1 if it differs; writes nothing
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { parse } = require("yaml");

const root = path.dirname(__dirname);
const read = (...file) => readFileSync(path.join(root, ...file), "utf8");
// in the order of a lab's life
const PARTS = ["containers", "the app", "Grafana", "the engine", "up", "data", "destroy"];
const CONTAINERD = { own: "dockerd's own", system: "the system's" };
const STORES = { overlayfs: "overlayfs (containerd image store)" };

const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function settings() {
  const rows = Object.entries(parse(read("Pulumi.yaml")).config).map(
    ([name, { type, default: value, description }]) => {
      // full digests are too wide for a table
      const shortened = show(value).replace(/(@sha256:[0-9a-f]{8})[0-9a-f]{56}$/, "$1…");
      const shown =
        name === "communityDashboards" ? "1860 revision 45 and 14282 revision 1, with their sums" : `\`${shortened}\``;
      return [`\`${name}\``, type, value === "" ? "(empty)" : shown, description];
    },
  );
  return ["settings.md", ["setting", "type", "default", "meaning"], rows];
}

/** From tests/recovery. */
function faults() {
  const results = JSON.parse(read(".lab", "recovery.json"));
  const rows = PARTS.flatMap((name) => results.filter(({ part }) => part === name)).map(
    ({ part, fault, lost, seconds }) => [part, fault, lost, `${seconds} s`],
  );
  return ["reliability.md", ["part", "fault", "lost for good", "time to recover"], rows];
}

/** From tests/engines. */
function engines() {
  const rows = JSON.parse(read(".lab", "engines.json"))
    .map(({ version, containerd, storageDriver, cgroups, besides }) => [
      version,
      CONTAINERD[containerd],
      STORES[storageDriver] ?? storageDriver,
      `v${cgroups}`,
      besides.join(", "),
    ])
    .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }));
  return ["reliability.md", ["Docker", "containerd", "storage driver", "cgroups", "with"], rows];
}

const [name, check] = process.argv.slice(2);
const [file, head, rows] = { settings, faults, engines }[name]();
const line = (cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
const table = [line(head), `|${"---|".repeat(head.length)}`, ...rows.map(line)].join("\n");
const place = new RegExp(`(<!-- ${name}: .* -->\n).*(\n<!-- end of ${name} -->)`, "s");
const text = read("docs", file);
const wanted = text.replace(place, (_, begin, end) => begin + table + end);
if (check === undefined) {
  writeFileSync(path.join(root, "docs", file), wanted);
} else if (text !== wanted) {
  console.error(`docs/${file} is out of date: run make format`);
  process.exitCode = 1;
}
