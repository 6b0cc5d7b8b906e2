"use strict";

// Preloaded by Pulumi.yaml. Half of a program's start is modules that @pulumi/pulumi loads and the lab never asks:
// a compiler and a package manager, for functions that a program hands over as resources, the automation API, and
// what traces. They are loaded when asked.
const Module = require("node:module");

const PULUMI = /\/@pulumi\/pulumi\/(cmd\/run\/)?\w+\.js$/;
const LATE = new Set(["typescript", "@npmcli/arborist", "./automation"]);
/** Of these @pulumi/pulumi takes single functions and classes, and calls them where `--tracing` is given. */
const CALLED_LATE = new Set(
  ["resources", "sdk-trace-base", "exporter-zipkin", "instrumentation-grpc", "sdk-trace-node", "instrumentation"].map(
    (name) => `@opentelemetry/${name}`,
  ),
);
/** Maps each frame of the many stacks that Pulumi takes; types are stripped in place, so lines are true without. */
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
  // of one that says otherwise an import makes a copy, which asks for all of it
  return new Proxy({}, { get: (_, name) => (name === "__esModule" ? true : get(name)) });
}

function calledLate(get) {
  return new Proxy(function () {}, {
    apply: (_, self, args) => Reflect.apply(get(), self, args),
    construct: (_, args) => Reflect.construct(get(), args),
  });
}
