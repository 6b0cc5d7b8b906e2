import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { attempt } from "../shared/attempt";
import { childPath } from "../shared/foreignNames";
import { Drift, MISSING } from "./drift";
import { FoundGrafana } from "./grafana";

/** Subfolder of the state directory with a file per dashboard, named by its uid. */
const VERSIONS_FOLDER = "dashboards";

/**
 * Drift of a dashboard. Grafana increments the version on each save, so another version than the lab's was saved by a user.
 * The JSON is not compared, as Grafana may rewrite it.
 *
 * @param saved The version that the lab saved last, undefined if its record is lost: then an edited dashboard cannot be
 *   distinguished from the lab's own, so it is saved once more.
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
    return "the record of its saved version is missing";
  }
  return saved === version ? undefined : `it was edited in Grafana, version ${String(version)}`;
}

/** The recorded versions, by the dashboards' uids. */
export function savedVersions(folder: string): ReadonlyMap<string, number> {
  const records = path.join(folder, VERSIONS_FOLDER);
  const read = (file: string): [string, number] => [
    decodeURIComponent(file),
    Number(readFileSync(path.join(records, file), "utf8")),
  ];
  // missing, or unreadable, which findProblems reports; a record that was cut short is none
  return new Map(
    attempt(() =>
      readdirSync(records)
        .map(read)
        .filter(([, version]) => version > 0),
    ),
  );
}

/** Records the version of a dashboard that the lab saved. */
export function recordVersion(folder: string, uid: string, version: number): void {
  const records = path.join(folder, VERSIONS_FOLDER);
  mkdirSync(records, { recursive: true, mode: 0o700 });
  writeFileSync(childPath(records, encodeURIComponent(uid)), String(version), { mode: 0o600 });
}
