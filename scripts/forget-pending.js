// Removes the pending operations of a killed command from an exported state: reads stdin, writes stdout.
const { readFileSync } = require("node:fs");

const state = JSON.parse(readFileSync(0, "utf8"));
delete state.deployment.pending_operations;
process.stdout.write(JSON.stringify(state));
