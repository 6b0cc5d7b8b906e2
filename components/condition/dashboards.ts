import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { Damage, GONE } from "./damage";
import { FoundGrafana } from "./grafana";

/**
 * What is wrong with a dashboard. Grafana counts the versions of each, so another one than the lab saved is
 * somebody else's; it may write the JSON anew, so that tells nothing.
 *
 * @param saved The version that the lab saved last, undefined where that is not known.
 */
export function dashboardDamage(uid: string, found: FoundGrafana | undefined, saved: number | undefined): Damage {
  if (found === undefined) {
    return undefined;
  }
  const version = found.dashboards.get(uid);
  if (version === undefined) {
    return GONE;
  }
  return saved === undefined || saved === version ? undefined : `it was edited in Grafana, version ${String(version)}`;
}

/** The version of a dashboard that was noted in the lab's folder. */
export function savedVersion(folder: string, uid: string): number | undefined {
  try {
    return Number(readFileSync(fileOf(folder, uid), "utf8"));
  } catch {
    return undefined;
  }
}

/** Notes the version of a dashboard that the lab saved. */
export function noteVersion(folder: string, uid: string, version: number): void {
  const file = fileOf(folder, uid);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, String(version), { mode: 0o600 });
}

function fileOf(folder: string, uid: string): string {
  return path.join(folder, "dashboards", encodeURIComponent(uid));
}
