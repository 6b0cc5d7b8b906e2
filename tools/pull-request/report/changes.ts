import { isDeepStrictEqual } from "node:util";
import { Properties, Step } from "./events";

export type Operation = "delete" | "replace" | "update" | "create";

/** A change of a resource. */
export interface Change {
  readonly operation: Operation;
  /** Name of the resource in the program. */
  readonly name: string;
  /** Type token, such as `docker:index/container:Container`. */
  readonly type: string;
  /** Inputs before and after; empty for a resource that is created or deleted. */
  readonly before: Properties;
  readonly after: Properties;
  /** Names of the inputs that differ, or if none do, of the outputs that the provider found different. */
  readonly properties: readonly string[];
  /** The properties that cause a replacement. */
  readonly causes: readonly string[];
  /** Whether the real resource stays when it is deleted from the state. */
  readonly retained: boolean;
}

/** By importance to a reader: losses first. */
export const OPERATIONS: readonly Operation[] = ["delete", "replace", "update", "create"];

/** The planned or executed changes, without unchanged resources and components, which only group resources. */
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

/** The top-level property of a path such as `labels[1].value`. */
function topOf(path: string): string {
  return path.split(/[.[]/)[0] ?? path;
}
