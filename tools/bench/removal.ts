import * as fs from "node:fs";
import { leftovers } from "./leftovers";
import { System } from "./system";

/**
 * Destroys the labs, in whatever state they are, with their folders.
 *
 * @throws Error where something is left; the folders are there then, and another run goes on.
 */
export async function removeAll(all: readonly System[]): Promise<void> {
  const left: string[] = [];
  for (const system of all) {
    const failure = await system.destroy().then(
      () => [],
      (error: unknown) => [error instanceof Error ? error.message : String(error)],
    );
    const found = [...failure, ...(await leftovers(system))];
    if (found.length === 0) {
      fs.rmSync(system.place.folder, { recursive: true, force: true });
    }
    left.push(...found);
  }
  if (left.length > 0) {
    throw new Error(`the bench could not be wholly removed; run it again to go on:\n${left.join("\n")}`);
  }
}
