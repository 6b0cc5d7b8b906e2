"use strict";

// Preloaded by Pulumi.yaml. Half of a program's start is modules that @pulumi/pulumi loads and the lab never asks:
// a compiler and a package manager, for functions that a program hands over as resources. They are loaded when asked.
const Module = require("node:module");

const LATE = new Set(["typescript", "@npmcli/arborist"]);
/** Maps each frame of the many stacks that Pulumi takes; types are stripped in place, so lines are true without. */
const NEVER = new Set(["source-map-support/register"]);

const load = Module._load;

Module._load = function (request, ...rest) {
  if (NEVER.has(request)) {
    return {};
  }
  if (!LATE.has(request)) {
    return load.call(this, request, ...rest);
  }
  return new Proxy(
    {},
    {
      // of one that says otherwise an import makes a copy, which asks for all of it
      get: (_, name) => (name === "__esModule" ? true : load.call(this, request, ...rest)[name]),
    },
  );
};
