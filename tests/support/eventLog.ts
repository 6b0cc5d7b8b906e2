import * as fs from "node:fs";

/** A step of Pulumi's engine, as its event log records it. */
interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: { readonly op: string; readonly urn: string } };
}

/** Steps without an effect, and those whose effect another step records. */
const NO_CHANGE = /^(same|read|refresh)$|^(create|delete)-|^discard/;

/** The steps that an event log has recorded so far. */
export function stepsOf(log: string): { op: string; name: string }[] {
  if (!fs.existsSync(log)) {
    return [];
  }
  return fs
    .readFileSync(log, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        const step = (JSON.parse(line) as EngineEvent).resourcePreEvent?.metadata;
        return step === undefined ? [] : [{ op: step.op, name: step.urn.split("::").pop() ?? "" }];
      } catch {
        return []; // the end of a log whose writer was killed
      }
    });
}

/** Names of the resources that a command changed or, as a preview, would change. */
export function changesOf(log: string): readonly string[] {
  const changes = stepsOf(log).filter(({ op }) => !NO_CHANGE.test(op));
  return [...new Set(changes.map(({ name }) => name))].sort();
}
