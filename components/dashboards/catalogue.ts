import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../assets";
import { Fault } from "../faults";
import { CommunityDashboard, Settings } from "../settings";
import { isUrl } from "../settingsLists";

/** The text of a community dashboard, as its authors exported it. */
export interface CatalogueEntry extends CommunityDashboard {
  readonly json: string;
}

const TIMEOUT_MS = 20_000;

/** Reads every community dashboard from the catalogue, or from the cache where it was downloaded before. */
export async function readCatalogue(
  settings: Settings,
): Promise<{ entries: readonly CatalogueEntry[]; faults: readonly Fault[] }> {
  const results = await Promise.all(
    settings.communityDashboards.map((dashboard) => readEntry(settings.dashboardCatalogue, dashboard)),
  );
  return {
    entries: results.filter((result) => "json" in result),
    faults: results.filter((result) => "setting" in result),
  };
}

async function readEntry(catalogue: string, dashboard: CommunityDashboard): Promise<CatalogueEntry | Fault> {
  const download = isUrl(catalogue);
  let json: string;
  try {
    json = download ? await fetchEntry(catalogue, dashboard) : readFileSync(fileOf(catalogue, dashboard), "utf8");
  } catch (error) {
    return {
      setting: "dashboardCatalogue",
      value: catalogue,
      problem: `does not give dashboard ${String(dashboard.id)} revision ${String(dashboard.revision)} (${reason(error)})`,
      fix: download
        ? "check the connection, or set a folder of <id>_rev<revision>.json"
        : "put the file there, or set another folder or URL",
    };
  }
  return checkSum(dashboard, json) ?? checkJson(catalogue, dashboard, json) ?? { ...dashboard, json };
}

function fileOf(catalogue: string, { id, revision }: CommunityDashboard): string {
  return path.resolve(PROJECT, catalogue, `${String(id)}_rev${String(revision)}.json`);
}

async function fetchEntry(catalogue: string, dashboard: CommunityDashboard): Promise<string> {
  const cached = path.join(cacheFolder(), `${dashboard.sha256 ?? ""}.json`);
  try {
    return readFileSync(cached, "utf8");
  } catch {
    // not downloaded yet
  }
  const url = `${catalogue.replace(/\/$/, "")}/${String(dashboard.id)}/revisions/${String(dashboard.revision)}/download`;
  const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    throw new Error(`${url} answers ${String(response.status)}`);
  }
  const json = await response.text();
  if (checkSum(dashboard, json) === undefined) {
    mkdirSync(cacheFolder(), { recursive: true });
    // whole or not at all: a preview may run beside this one
    writeFileSync(`${cached}.${String(process.pid)}`, json);
    renameSync(`${cached}.${String(process.pid)}`, cached);
  }
  return json;
}

function checkSum(dashboard: CommunityDashboard, json: string): Fault | undefined {
  const sum = createHash("sha256").update(json).digest("hex");
  return dashboard.sha256 === undefined || dashboard.sha256 === sum
    ? undefined
    : {
        setting: "communityDashboards",
        value: dashboard,
        problem: `the catalogue's file has the sha256 ${sum}`,
        fix: "look at what changed in the file, and set this sum only if you trust it",
      };
}

function checkJson(catalogue: string, { id }: CommunityDashboard, json: string): Fault | undefined {
  try {
    if (Array.isArray((JSON.parse(json) as { panels?: unknown } | null)?.panels)) {
      return undefined;
    }
  } catch {
    // told below
  }
  return {
    setting: "dashboardCatalogue",
    value: catalogue,
    problem: `gives no dashboard for ${String(id)}: the file is no JSON with panels`,
    fix: "set a catalogue of Grafana dashboards in the classic export format",
  };
}

function cacheFolder(): string {
  const given = process.env.XDG_CACHE_HOME;
  const base = given === undefined || given === "" ? path.join(os.homedir(), ".cache") : given;
  return path.join(base, "observability-lab", "dashboards");
}

/** What a failed request or read says of its cause. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.cause instanceof Error ? error.cause.message : error.message;
}
