"use strict";

// Preloaded by Pulumi.yaml. Half of a program's start is modules that @pulumi/pulumi loads and the lab never uses:
// a compiler and a package manager for serialized functions, the automation API, and
// tracing. They are loaded on first use.
const Module = require("node:module");

const PULUMI = /\/@pulumi\/pulumi\/(cmd\/run\/)?\w+\.js$/;
const LATE = new Set(["typescript", "@npmcli/arborist", "./automation"]);
/** @pulumi/pulumi imports single functions and classes of these, and calls them with `--tracing`. */
const CALLED_LATE = new Set(
  ["resources", "sdk-trace-base", "exporter-zipkin", "instrumentation-grpc", "sdk-trace-node", "instrumentation"].map(
    (name) => `@opentelemetry/${name}`,
  ),
);
/** Maps each frame of the many stacks that Pulumi records; types are stripped in place, so lines are right without it. */
const NEVER = new Set(["source-map-support/register"]);

const load = Module._load;

Module._load = function (request, parent, ...rest) {
  const whole = () => load.call(this, request, parent, ...rest);
  if (NEVER.has(request)) {
    return {};
  }
  const ofPulumi = PULUMI.test(parent?.filename ?? "");
  if (ofPulumi && CALLED_LATE.has(request)) {
    return late((name) => calledLate(() => whole()[name]));
  }
  return LATE.has(request) && (ofPulumi || !request.startsWith(".")) ? late((name) => whole()[name]) : whole();
};

function late(get) {
  // for a module without this mark an import copies all properties, which would load it
  return new Proxy({}, { get: (_, name) => (name === "__esModule" ? true : get(name)) });
}

function calledLate(get) {
  return new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(get(), self, args),
    construct: (_, args) => Reflect.construct(get(), args),
  });
}
