// Takes the operations that an end by force cut short out of an exported state, from standard input to output.
const { readFileSync } = require("node:fs");

const state = JSON.parse(readFileSync(0, "utf8"));
delete state.deployment.pending_operations;
process.stdout.write(JSON.stringify(state));
