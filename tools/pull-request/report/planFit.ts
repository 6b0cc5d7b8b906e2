import { readEvents } from "./events";
import { partOf } from "./labels";

/** Errors of the Pulumi engine for a misfit with a saved plan (its resource/deploy: plan.go, step_generator.go). */
const MISFIT =
  /violates plan: (?<difference>.+)|(?<done>\S+) is not allowed by the plan: (?:this resource is constrained to (?<planned>\S+))?|expected resource operations for (?<skipped>\S+) but none were seen/s;
/** A property in `properties changed: ~~labels[…], ++envs[…]`: the planned operation, the one now, the values. */
const PROPERTY = /(?:^|, )[-+~=]{2}(\w+)(?=\[|, |$)/g;
const MAX_TEXT = 200;

/** Whether an error is about a resource that does not fit a saved plan. */
export function isMisfit(message: string): boolean {
  return MISFIT.test(message);
}

/** Why an update with a saved plan stopped: each resource and its difference; empty if all fitted. */
export function describeMisfits(log: string): readonly string[] {
  const misfits = readEvents(log).flatMap(({ diagnosticEvent: { urn, message } = { message: "" } }) => {
    const { groups } = MISFIT.exec(message) ?? {};
    return groups === undefined ? [] : [`- ${describeUrn(groups.skipped ?? urn ?? "")}: ${describeMisfit(groups)}`];
  });
  return misfits.length === 0
    ? []
    : [
        "the saved plan no longer fits:",
        ...new Set(misfits),
        "these resources were not changed, but earlier changes remain: run it again for a new preview",
      ];
}

function describeMisfit({ difference, done, planned }: Readonly<Record<string, string | undefined>>): string {
  if (difference?.startsWith("ignoreChanges changed") === true) {
    return "it drifted, or was restored, after the preview";
  }
  if (difference !== undefined) {
    const [, changed] = /^properties changed: (.+)$/s.exec(difference) ?? [];
    const properties = [...new Set([...(changed ?? "").matchAll(PROPERTY)].map(([, name]) => name))].sort();
    // without the values, which are whole files
    return properties.length > 0
      ? `differs from the preview: ${properties.join(", ")}`
      : (difference.split("\n")[0] ?? "").slice(0, MAX_TEXT);
  }
  return done === undefined
    ? "the preview changes it, the update does not"
    : `${done}, previewed: ${planned ?? "nothing"}`;
}

/** A resource in the terms of the report, from the type and name at the end of its URN. */
function describeUrn(urn: string): string {
  const [types = "", name = urn] = urn.split("::").slice(-2);
  const type = types.split("$").at(-1) ?? "";
  const unchanged = { before: {}, after: {}, properties: [], causes: [], retained: false };
  const part = partOf({ operation: "update", name, type, ...unchanged });
  return `${part.kind} \`${name}\``;
}
