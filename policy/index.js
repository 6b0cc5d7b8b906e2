"use strict";

/** Entry point of the Pulumi engine, which would otherwise load a policy pack's TypeScript with ts-node. */

// ts-node, which the engine's runner has registered, would check every type at every start
delete require.extensions[".ts"];
require("sucrase/register/ts");

// the SDK reads the pack's version from the package.json of the working folder, which is this one
process.chdir(`${__dirname}/..`);
require("./pack.ts");
