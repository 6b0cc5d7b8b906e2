// Writes the table of faults in docs/reliability.md from the last results of tests/recovery, in .lab/recovery.json.
// usage: recovery-table.js
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");

const root = path.dirname(__dirname);
const page = path.join(root, "docs", "reliability.md");
const [BEGIN, END] = ["<!-- faults: made by scripts/recovery-table.js -->", "<!-- end of faults -->"];
// in the order of a lab's life
const PARTS = ["containers", "the app", "Grafana", "the engine", "up", "data", "destroy"];

const results = JSON.parse(readFileSync(path.join(root, ".lab", "recovery.json"), "utf8"));
const rows = PARTS.flatMap((part) =>
  results
    .filter((result) => result.part === part)
    .map(({ fault, lost, seconds }) => `| ${part} | ${fault.replaceAll("|", "\\|")} | ${lost} | ${seconds} s |`),
);
const table = ["| of | fault | lost for good | to green |", "|---|---|---|---|", ...rows].join("\n");
const text = readFileSync(page, "utf8");
const [before, rest] = text.split(BEGIN);
writeFileSync(page, `${before}${BEGIN}\n${table}\n${END}${rest.split(END)[1]}`);
