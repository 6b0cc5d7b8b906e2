import * as fs from "node:fs";
import { findStarts } from "../../lib/drift/starts";
import { labelled } from "../support/harness";
import { isAlive } from "../support/processes";
import { UserLab } from "../support/userLab";

/** Sees that nothing is left of a lab on the machine: in the engine, among the processes, in its folder. */
export async function expectGone({ lab, hostFolder }: UserLab, app?: number): Promise<void> {
  expect(labelled("container", lab)).toEqual([]);
  expect(labelled("network", lab)).toEqual([]);
  expect(labelled("volume", lab)).toEqual([]);
  expect(fs.existsSync(hostFolder)).toBe(false);
  expect((await findStarts(lab)).filter(({ ours }) => ours)).toEqual([]);
  expect(app !== undefined && isAlive(app)).toBe(false);
}
