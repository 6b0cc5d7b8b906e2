"use strict";

// Preloaded before TypeScript: strips its types, and caches the result in the ignored folder, as stripping takes half
// of the time until the program runs. Line numbers do not change, so stacks are right.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { version } = require("sucrase/package.json");

const root = path.resolve(__dirname, "../..");
const { LAB_STATE_DIR } = process.env;
const checkouts = path.join(root, ".lab");
// a lab with a folder of its own shares the checkout's results, if nobody else can have written them
const folder = path.join(LAB_STATE_DIR && !isPrivateFolder(checkouts) ? LAB_STATE_DIR : checkouts, "stripped");

Module._extensions[".ts"] = (module, file) => {
  const source = fs.readFileSync(file, "utf8");
  const ending = `\n//${createHash("sha256").update(version).update(source).digest("hex")}`;
  const kept = path.join(folder, `${path.relative(root, file).replaceAll(path.sep, "-")}.js`);
  module._compile(read(kept, ending) ?? strip(source, kept, ending), file);
};

/** Whether this user alone can write to a folder that exists. */
function isPrivateFolder(place) {
  try {
    fs.accessSync(place, fs.constants.W_OK);
    const { uid, mode } = fs.statSync(place);
    return uid === process.getuid?.() && (mode & 0o022) === 0;
  } catch {
    return false;
  }
}

/** The cached result for this source; a truncated file lacks its ending. */
function read(kept, ending) {
  try {
    const code = fs.readFileSync(kept, "utf8");
    return code.endsWith(ending) ? code : undefined;
  } catch {
    return undefined; // there is none yet
  }
}

function strip(source, kept, ending) {
  const { code } = require("sucrase").transform(source, { transforms: ["imports", "typescript"] });
  const written = `${kept}.${String(process.pid)}`;
  try {
    [path.dirname(folder), folder]
      .filter((it) => !fs.existsSync(it))
      .forEach((it) => fs.mkdirSync(it, { mode: 0o700 }));
    fs.writeFileSync(written, code + ending);
    fs.renameSync(written, kept);
  } catch {
    // if the folder is full or not writable, the next start strips again
    fs.rm(written, { force: true }, () => undefined);
  }
  return code;
}
