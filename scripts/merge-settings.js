// Prints the settings of a stack: the tracked ones, overridden by those of this checkout.
// usage: merge-settings.js TRACKED OWN
const { readFileSync } = require("node:fs");
const { parse, stringify } = require("yaml");

const isMap = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

function read(file) {
  const fail = (why) => {
    console.error(`${file} has no valid settings: ${why}; fix or remove it`);
    process.exit(1);
  };
  try {
    const content = parse(readFileSync(file, "utf8")) ?? {};
    return isMap(content) && isMap(content.config ?? {}) ? content : fail("it is not a map with a map config in it");
  } catch (error) {
    return fail(error.message.split("\n")[0].replace(/:$/, ""));
  }
}

const [tracked, own] = process.argv.slice(2).map(read);
process.stdout.write(stringify({ ...tracked, ...own, config: { ...tracked.config, ...own.config } }));
