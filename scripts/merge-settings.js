// Prints the settings of a stack: the tracked ones, and over them those of this checkout alone.
// usage: merge-settings.js TRACKED OWN
const { readFileSync } = require("node:fs");
const { parse, stringify } = require("yaml");

const [tracked, own] = process.argv.slice(2).map((file) => parse(readFileSync(file, "utf8")) ?? {});
process.stdout.write(stringify({ ...tracked, ...own, config: { ...tracked.config, ...own.config } }));
