// Writes the table of docs/settings.md from Pulumi.yaml.
// usage: settings-table.js [--check]      --check: exit code 1 if it differs; writes nothing
const { readFileSync, writeFileSync } = require("node:fs");
const path = require("node:path");
const { parse } = require("yaml");

const root = path.dirname(__dirname);
const page = path.join(root, "docs", "settings.md");
const [BEGIN, END] = ["<!-- settings: made from Pulumi.yaml by make format -->", "<!-- end of settings -->"];

const show = (value) => (typeof value === "string" ? value : JSON.stringify(value));

function settingsTable() {
  const { config } = parse(readFileSync(path.join(root, "Pulumi.yaml"), "utf8"));
  const rows = Object.entries(config).map(([name, { type, default: value, description }]) => {
    // full digests are too wide for a table
    const shortened = show(value).replace(/(@sha256:[0-9a-f]{8})[0-9a-f]{56}$/, "$1…");
    const shown =
      name === "communityDashboards" ? "1860 revision 45 and 14282 revision 1, with their sums" : `\`${shortened}\``;
    return `| \`${name}\` | ${type} | ${value === "" ? "(empty)" : shown} | ${description.replaceAll("|", "\\|")} |`;
  });
  return ["| setting | type | default | meaning |", "|---|---|---|---|", ...rows].join("\n");
}

const text = readFileSync(page, "utf8");
const [before, rest] = text.split(BEGIN);
const wanted = `${before}${BEGIN}\n${settingsTable()}\n${END}${rest.split(END)[1]}`;
if (!process.argv.includes("--check")) {
  writeFileSync(page, wanted);
} else if (text !== wanted) {
  console.error("docs/settings.md is out of date: run make format");
  process.exitCode = 1;
}
