// Loaded before a Node.js program: notes how long its larger modules took to load, those that they load included.
// MARKS: the file to which a line of JSON is added.
const { appendFileSync } = require("node:fs");
const Module = require("node:module");
const { performance } = require("node:perf_hooks");

/** Shorter ones are no place where time goes. */
const LEAST_MS = 30;
const load = Module._load;
let depth = 0;
Module._load = function (request, ...rest) {
  const start = performance.now();
  depth += 1;
  try {
    return load.call(this, request, ...rest);
  } finally {
    depth -= 1;
    const ms = performance.now() - start;
    if (ms >= LEAST_MS) {
      const mark = { process: process.argv[1] ?? "", module: request, depth, at: performance.timeOrigin + start, ms };
      appendFileSync(process.env.MARKS, `${JSON.stringify(mark)}\n`);
    }
  }
};
