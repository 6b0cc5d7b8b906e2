import { Change, findChanges } from "../../tools/pull-request/report/changes";
import { EngineRun, Properties, Step } from "../../tools/pull-request/report/events";
import { Report } from "../../tools/pull-request/report/markdown";
import { describeSteps } from "../../tools/pull-request/report/resources";

export const CONTAINER = "docker:index/container:Container";
export const VOLUME = "docker:index/volume:Volume";
export const COMMAND = "command:local:Command";
export const DASHBOARD = "grafana:oss/dashboard:Dashboard";

/** A step of the Pulumi engine on a resource. */
export function step(
  op: string,
  type: string,
  name: string,
  { before, after, ...more }: { before?: Properties; after?: Properties } & Partial<Step> = {},
): Step {
  const state = (inputs: Properties | undefined): { inputs: Properties } | null =>
    inputs === undefined ? null : { inputs };
  return {
    op,
    urn: `urn:pulumi:stack::observability-lab::parent$${type}::${name}`,
    type,
    old: state(before),
    new: state(after),
    ...more,
  };
}

/** The change of a single step. */
export function change(...args: Parameters<typeof step>): Change {
  const [only, ...others] = findChanges([step(...args)]);
  if (only === undefined || others.length > 0) {
    throw new Error("the step is not one change");
  }
  return only;
}

/** A completed run of the Pulumi engine. */
export function runOf(more: Partial<EngineRun> = {}): EngineRun {
  return { steps: [], errors: [], warnings: [], violations: [], ended: true, ...more };
}

/** A report of steps. */
export function reportOf(steps: readonly Step[] = [], more: Partial<Report> = {}): Report {
  return {
    marker: "<!-- marker -->",
    title: "Lab preview",
    notes: [],
    run: runOf({ steps }),
    changes: describeSteps(steps),
    policies: false,
    failure: [],
    seconds: { preview: 2.4 },
    ...more,
  };
}

/** The cells of a table row as GitHub splits it: at each pipe without a backslash before it. */
export function cellsOf(line: string): string[] {
  return line.split(/(?<!\\)\|/).slice(1, -1);
}
