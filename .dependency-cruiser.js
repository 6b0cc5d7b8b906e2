"use strict";

// Layers from the inside out: a file imports from its own layer and from those inside, without cycles.
const LAYERS = ["lib/shared", "lib/settings", "lib/docker", "lib/drift", "lib/preflight", "dashboards", "components"];
const OURS = "^(lib|dashboards|components|policy|tools|scripts|tests|index[.]ts)";
const PROVIDERS = "node_modules/(@pulumi/(docker|command)|@pulumiverse)/";

const rule = (name, from, to) => ({ name, severity: "error", from, to });

module.exports = {
  forbidden: [
    rule("no cycle", {}, { circular: true }),
    ...LAYERS.map((layer, at) =>
      rule(
        `${layer} imports from the layers inside it`,
        { path: `^${layer}/` },
        { path: OURS, pathNot: `^(${LAYERS.slice(0, at + 1).join("|")})/` },
      ),
    ),
    rule("resources are declared in components", { path: "^(lib|dashboards)/" }, { path: PROVIDERS }),
    // asked without a program, by the engine and of a pull request's base
    rule("policies import from lib", { path: "^policy/" }, { path: OURS, pathNot: "^(lib|policy)/" }),
    rule(
      "tools import no component",
      { path: "^(tools|scripts)/", pathNot: "^tools/bench/" },
      { path: OURS, pathNot: "^(lib|dashboards|tools|scripts)/" },
    ),
    rule("only tests import tests", { pathNot: "^tests/" }, { path: "^tests/" }),
    rule(
      "suites share tests/support",
      { path: "^tests/([^/]+)/" },
      { path: "^tests/[^/]+/", pathNot: "^tests/($1|support)/" },
    ),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    exclude: { path: "^[.]lab/" },
  },
};
