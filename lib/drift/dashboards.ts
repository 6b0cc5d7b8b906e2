import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { childPath } from "../shared/foreignNames";
import { Drift, MISSING } from "./drift";
import { FoundGrafana } from "./grafana";

/** Below the lab's folder: a file for each dashboard, named by its uid. */
const NOTES = "dashboards";

/**
 * What is wrong with a dashboard. Grafana counts the versions of each, so another one than the lab saved is
 * somebody else's; it may write the JSON anew, so that tells nothing.
 *
 * @param saved The version that the lab saved last, undefined where the note of it is lost: then nothing tells an edited
 *   dashboard from the lab's own, and saving it once more makes both sure.
 */
export function dashboardDrift(uid: string, found: FoundGrafana | undefined, saved: number | undefined): Drift {
  if (found === undefined) {
    return undefined;
  }
  const version = found.dashboards.get(uid);
  if (version === undefined) {
    return MISSING;
  }
  if (version === "unknown") {
    return undefined;
  }
  if (version === "schema v2") {
    // the lab saves the classic schema only
    return "it was saved in Grafana in the new schema (version 2)";
  }
  if (saved === undefined) {
    return "the note of its version was lost";
  }
  return saved === version ? undefined : `it was edited in Grafana, version ${String(version)}`;
}

/** The versions that were noted in the lab's folder, by the dashboards' uids. */
export function savedVersions(folder: string): ReadonlyMap<string, number> {
  const notes = path.join(folder, NOTES);
  const read = (file: string): [string, number] => [
    decodeURIComponent(file),
    Number(readFileSync(path.join(notes, file), "utf8")),
  ];
  try {
    return new Map(readdirSync(notes).map(read));
  } catch {
    return new Map(); // missing, or unreadable, which findProblems reports
  }
}

/** Notes the version of a dashboard that the lab saved. */
export function noteVersion(folder: string, uid: string, version: number): void {
  const notes = path.join(folder, NOTES);
  mkdirSync(notes, { recursive: true, mode: 0o700 });
  writeFileSync(childPath(notes, encodeURIComponent(uid)), String(version), { mode: 0o600 });
}
