// Writes the README's table of settings from Pulumi.yaml.
// usage: settings-table.js [--check]      --check exits 1 where the README differs, and writes nothing
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { parse } = require("yaml");

const root = path.dirname(__dirname);
const readme = path.join(root, "README.md");
const [BEGIN, END] = ["<!-- settings: made from Pulumi.yaml by make format -->", "<!-- end of settings -->"];

const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function settingsTable() {
  const { config } = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8"));
  const rows = Object.entries(config).map(([name, { type, default: value, description }]) => {
    // the whole sums are too wide for a table
    const shortened = show(value).replace(/(@sha256:[0-9a-f]{8})[0-9a-f]{56}$/, "$1…");
    const shown = shortened.length > 60 ? "1860 revision 45 and 14282 revision 1, with their sums" : `\`${shortened}\``;
    return `| \`${name}\` | ${type} | ${value === "" ? "(empty)" : shown} | ${description.replaceAll("|", "\\|")} |`;
  });
  return ["| setting | type | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

const text = readFileSync(readme, "utf8");
const [before, rest] = text.split(BEGIN);
const wanted = `${before}${BEGIN}\n${settingsTable()}\n${END}${rest.split(END)[1]}`;
if (!process.argv.includes("--check")) {
  writeFileSync(readme, wanted);
} else if (text !== wanted) {
  console.error("the README's table of settings is old: run make format");
  process.exitCode = 1;
}
