import * as fs from "node:fs";

/** A step of the Pulumi engine in its event log. */
interface EngineEvent {
  readonly resourcePreEvent?: { readonly metadata: { readonly op: string; readonly urn: string } };
}

/** Steps without an effect, or whose effect is recorded by another step. */
const NO_CHANGE = /^(same|read|refresh)$|^(create|delete)-|^discard/;

/** The steps in an event log so far. */
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
        return []; // incomplete last line of a log whose writer was killed
      }
    });
}

/** Names of the resources that a command changed or, as a preview, would change. */
export function changesOf(log: string): readonly string[] {
  const changes = stepsOf(log).filter(({ op }) => !NO_CHANGE.test(op));
  return [...new Set(changes.map(({ name }) => name))].sort();
}
