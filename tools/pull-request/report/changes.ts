import { isDeepStrictEqual } from "node:util";
import { Properties, Step } from "./events";

export type Operation = "delete" | "replace" | "update" | "create";

/** What happens to a resource. */
export interface Change {
  readonly operation: Operation;
  /** Name of the resource in the program. */
  readonly name: string;
  /** Type token, such as `docker:index/container:Container`. */
  readonly type: string;
  /** Inputs before and after; empty where there is no before or after. */
  readonly before: Properties;
  readonly after: Properties;
  /** Names of the inputs that differ, or of what was found different where the inputs are the same. */
  readonly properties: readonly string[];
  /** Those of them that make it a replacement. */
  readonly causes: readonly string[];
  /** Whether what it stands for stays when it is deleted. */
  readonly retained: boolean;
}

/** In the order in which a reader wants them: what is lost first. */
export const OPERATIONS: readonly Operation[] = ["delete", "replace", "update", "create"];

/** What the engine would do or did, without what stays and without components, which are only folders of resources. */
export function findChanges(steps: readonly Step[]): readonly Change[] {
  const changes = new Map<string, Change>();
  for (const step of steps) {
    if (isOperation(step.op) && !/^(observability-lab|pulumi:pulumi):/.test(step.type)) {
      changes.set(step.urn, toChange(step, step.op));
    }
  }
  return [...changes.values()];
}

function isOperation(op: string): op is Operation {
  return (OPERATIONS as readonly string[]).includes(op);
}

function toChange(step: Step, operation: Operation): Change {
  const [before, after] = [step.old?.inputs ?? {}, step.new?.inputs ?? {}];
  const declared = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .filter((key) => !key.startsWith("__"))
    .filter((key) => !isDeepStrictEqual(before[key], after[key]));
  const found = [...new Set(Object.keys(step.detailedDiff ?? {}).map(topOf))];
  const changed = operation === "update" || operation === "replace";
  return {
    operation,
    name: step.urn.split("::").pop() ?? "",
    type: step.type,
    before,
    after,
    properties: !changed ? [] : declared.length > 0 ? declared : found,
    retained: step.old?.retainOnDelete === true,
    causes: operation === "replace" ? [...new Set((step.keys ?? []).map(topOf))] : [],
  };
}

/** The property that a path such as `labels[1].value` is in. */
function topOf(path: string): string {
  return path.split(/[.[]/)[0] ?? path;
}
