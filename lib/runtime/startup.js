"use strict";

// Preloaded by Pulumi.yaml. Most of a program's start is what @pulumi/pulumi does and the lab does not need: it loads a
// compiler, a package manager and a debugger for serialized functions, the automation API and tracing, which are loaded on
// first use here, and sends each debug message in a request of its own.
const Module = require("node:module");

const PULUMI = /\/@pulumi\/pulumi\/(cmd\/run\/|log\/|runtime\/(closure\/)?)?\w+\.js$/;
const LATE = new Set([
  "typescript",
  "@npmcli/arborist",
  "normalize-package-data",
  // dashboards in the two schemas that the lab does not use, which the builder of every panel imports
  "../dashboardv2",
  "../dashboardv2beta1",
]);
/** @pulumi/pulumi imports single functions and classes of these, and calls them with `--tracing`. */
const CALLED_LATE = new Set(
  ["resources", "sdk-trace-base", "exporter-zipkin", "instrumentation-grpc", "sdk-trace-node", "instrumentation"].map(
    (name) => `@opentelemetry/${name}`,
  ),
);
const NEVER = new Map([
  // maps each frame of the many stacks that Pulumi records; types are stripped in place, so lines are right without it
  ["source-map-support/register", {}],
  // attaches a debugger, which slows down everything, to name functions that cannot be serialized
  ["../../runtime/closure/v8Hooks", { isInitializedAsync: () => Promise.resolve() }],
]);

/** Functions of @pulumi/pulumi that are replaced as soon as their module is loaded, by its name. */
const replaced = new Map([
  ["log", ["debug", joinMessages]],
  // the SDK's variable for finding promises that never settle
  ...(process.env.PULUMI_DEBUG_PROMISE_LEAKS ? [] : [["debuggable", ["debuggablePromise", omitStack]]]),
]);

const load = Module._load;

Module._load = function (request, parent, ...rest) {
  const whole = () => load.call(this, request, parent, ...rest);
  const never = NEVER.get(request);
  if (never !== undefined) {
    return never;
  }
  const ofPulumi = PULUMI.test(parent?.filename ?? "");
  if (ofPulumi && CALLED_LATE.has(request)) {
    return late((name) => calledLate(() => whole()[name]));
  }
  if (LATE.has(request) || (ofPulumi && request === "./automation")) {
    // a module that is a function has itself as its default
    return late((name) => (name === "default" ? (whole().default ?? whole()) : whole()[name]));
  }
  const module = whole();
  const file = ofPulumi ? request.slice(request.lastIndexOf("/") + 1) : "";
  const [name, by] = replaced.get(file) ?? [];
  // in a circle of imports a module is empty at first
  if (name !== undefined && Object.getOwnPropertyDescriptor(module, name)?.writable && module[name] !== undefined) {
    module[name] = by(module[name]);
    replaced.delete(file);
  }
  return module;
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

/** Sends the debug messages of a moment together: there are four for each resource, and each waits for the one before. */
function joinMessages(send) {
  const messages = [];
  return (message, ...rest) => {
    if (rest.length > 0) {
      return send(message, ...rest);
    }
    if (messages.push(message) === 1) {
      setImmediate(() => void send(messages.splice(0).join("\n")));
    }
    return Promise.resolve();
  };
}

/** Tracks promises that never settle without the stack of each of them, of which there are thousands. */
function omitStack(track) {
  return (...args) => {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    try {
      return track(...args);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  };
}
