import * as pulumi from "@pulumi/pulumi";

/** What is wrong with a part that the lab should have, for people; undefined where nothing is or nothing can be told. */
export type Drift = string | undefined;

/** Of a part that is not there, and on a first update that is every part. */
export const MISSING = "it was not there";

/** What a part was made for when nothing was wrong. */
const DECLARED = "declared";

/**
 * Value of the input that says why a part was made, and the options that go with it. It changes when the part is
 * damaged, so a preview shows what is wrong and an update makes the part anew; of a sound part it stays as it was.
 *
 * @param part Name of the part, for the warning that a preview then shows.
 * @param input Path of that input in the part's properties.
 */
export function replaceOnDrift(
  part: string,
  drift: Drift,
  input: string,
): { readonly reason: string; readonly options: { readonly ignoreChanges: string[] } } {
  if (drift !== undefined && drift !== MISSING) {
    void pulumi.log.warn(`${part}: ${drift}; an update mends it`);
  }
  return drift === undefined
    ? { reason: DECLARED, options: { ignoreChanges: [input] } }
    : // the time tells this damage from an earlier one of its kind
      { reason: `${drift} (${new Date().toISOString()})`, options: { ignoreChanges: [] } };
}
