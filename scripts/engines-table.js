// Writes the table of Docker versions in docs/reliability.md from the last run of tests/engines, in .lab/engines.json.
// usage: engines-table.js
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const root = path.dirname(__dirname);
const page = path.join(root, "docs", "reliability.md");
const [BEGIN, END] = ["<!-- engines: made by scripts/engines-table.js -->", "<!-- end of engines -->"];
const CONTAINERD = { own: "dockerd's own", system: "the system's" };
const STORES = { overlayfs: "overlayfs (containerd image store)" };

const engines = JSON.parse(readFileSync(path.join(root, ".lab", "engines.json"), "utf8"));
const rows = engines
  .map(({ version, containerd, storageDriver, cgroups, besides }) => [
    version,
    CONTAINERD[containerd],
    STORES[storageDriver] ?? storageDriver,
    `v${cgroups}`,
    besides.join(", "),
  ])
  .sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true }))
  .map((cells) => `| ${cells.join(" | ")} |`);
const table = ["| Docker | containerd | storage driver | cgroups | with |", "|---|---|---|---|---|", ...rows].join(
  "\n",
);
const text = readFileSync(page, "utf8");
const [before, rest] = text.split(BEGIN);
writeFileSync(page, `${before}${BEGIN}\n${table}\n${END}${rest.split(END)[1]}`);
