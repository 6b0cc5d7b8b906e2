import * as pulumi from "@pulumi/pulumi";

/** Difference between a part of the running lab and its declaration; undefined if there is none or it is unknown. */
export type Drift = string | undefined;

/** Drift of a part that does not exist, as every part on a first update. */
export const MISSING = "it was missing";

/** Reason of a part without drift. */
const DECLARED = "declared";

/**
 * Value of the input that records why a resource was created, and the options that belong to it. The value changes on
 * drift, so that a preview shows the drift and an update replaces the resource; without drift it stays as it is.
 *
 * @param lab.repairTime Makes a repeated drift a new value; the same in a preview and the update after it.
 * @param part Name of the resource, for the warning that a preview or an update shows.
 * @param input Path of that input in the resource's properties.
 */
export function replaceOnDrift(
  { repairTime }: { readonly repairTime: () => string },
  part: string,
  drift: Drift,
  input: string,
): { readonly reason: string; readonly options: { readonly ignoreChanges: string[] } } {
  if (drift !== undefined && drift !== MISSING) {
    const update = pulumi.runtime.isDryRun() ? "the next update" : "this update";
    void pulumi.log.warn(`${part}: ${drift}; ${update} repairs it`);
  }
  return drift === undefined
    ? { reason: DECLARED, options: { ignoreChanges: [input] } }
    : { reason: `${drift} (${repairTime()})`, options: { ignoreChanges: [] } };
}
