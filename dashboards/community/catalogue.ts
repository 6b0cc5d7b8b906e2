import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Response } from "undici";
import { ownDashboards } from "..";
import { FOLDER, PanelPlugins } from "../../lib/drift/grafana";
import { isUrl } from "../../lib/settings/lists";
import { CommunityDashboard, Settings } from "../../lib/settings/settings";
import { PROJECT } from "../../lib/shared/assets";
import { attempt } from "../../lib/shared/attempt";
import { Problem } from "../../lib/shared/problems";
import { checkNeeds, checkPanels, checkSum, checkUids } from "./checks";
import { CatalogueEntry } from "./entry";
import { decode, readClassic } from "./formats";
import { distinctTitles } from "./titles";

const TIMEOUT_MS = 20_000;

/**
 * Reads every community dashboard from the catalogue, or from the cache if it was downloaded before.
 *
 * @param plugins Lists the panel plugins of the lab's Grafana; called only if a dashboard needs one. Default: none.
 */
export async function readCatalogue(
  settings: Settings,
  plugins: () => Promise<PanelPlugins> = () => Promise.resolve(new Set()),
): Promise<{ entries: readonly CatalogueEntry[]; problems: readonly Problem[] }> {
  const results = await Promise.all(
    settings.communityDashboards.map((dashboard) => readEntry(settings, dashboard, plugins)),
  );
  const own = ownDashboards(settings).map(({ model }) => model);
  const entries = distinctTitles(
    results.filter((result) => "json" in result),
    [FOLDER, ...own].map(({ title }) => title ?? ""),
  );
  const taken = checkUids(
    entries,
    own.map(({ uid }) => uid ?? ""),
  );
  return { entries, problems: [...results.filter((result) => "setting" in result), ...taken] };
}

async function readEntry(
  { dashboardCatalogue: catalogue, grafana: { image } }: Settings,
  dashboard: CommunityDashboard,
  plugins: () => Promise<PanelPlugins>,
): Promise<CatalogueEntry | Problem> {
  const download = isUrl(catalogue);
  let file: Buffer;
  try {
    file = download ? await fetchEntry(catalogue, dashboard) : readFileSync(fileOf(catalogue, dashboard));
  } catch (error) {
    const absent = download ? await explainNotFound(catalogue, dashboard, error) : explainFolder(catalogue, dashboard);
    return (
      absent ?? {
        setting: "dashboardCatalogue",
        value: catalogue,
        problem: `does not provide dashboard ${String(dashboard.id)} revision ${String(dashboard.revision)} (${reason(error)})`,
        fix: download
          ? `${connectionFix(error)}, or set a folder of <id>_rev<revision>.json`
          : "put the file there, or set another folder or URL",
      }
    );
  }
  const changed = checkSum(dashboard, file);
  if (changed !== undefined) {
    return changed;
  }
  const classic = readClassic(decode(file));
  if ("problem" in classic) {
    const problem = `gives no dashboard for ${String(dashboard.id)}: ${classic.problem}`;
    return { setting: "dashboardCatalogue", value: catalogue, problem, fix: classic.fix };
  }
  const entry = { ...dashboard, json: classic.json };
  return checkNeeds(dashboard, entry.json) ?? (await checkPanels(entry, image, plugins)) ?? entry;
}

/** Why a catalogue returns 404: a wrong id or revision; undefined for other reasons. */
async function explainNotFound(
  catalogue: string,
  dashboard: CommunityDashboard,
  error: unknown,
): Promise<Problem | undefined> {
  if (!(error instanceof NotFound)) {
    return undefined;
  }
  try {
    const response = await ask(`${addressOf(catalogue)}/${String(dashboard.id)}`);
    const about = (await response.json().catch(() => undefined)) as { revision?: unknown } | null | undefined;
    if (about === undefined) {
      return {
        setting: "dashboardCatalogue",
        value: catalogue,
        problem: `returns no JSON about dashboard ${String(dashboard.id)}: it is not the API of a catalogue`,
        fix: "set the address of the API, such as https://grafana.com/api/dashboards",
      };
    }
    // the latest revision, from grafana.com's API
    const newest = typeof about?.revision === "number" ? `, its newest is ${String(about.revision)}` : "";
    return noRevision(catalogue, dashboard, newest);
  } catch (failure) {
    return failure instanceof NotFound
      ? {
          setting: "communityDashboards",
          value: dashboard,
          problem: `${catalogue} has no dashboard ${String(dashboard.id)}`,
          fix: "check the id on grafana.com/grafana/dashboards, and the setting dashboardCatalogue",
        }
      : undefined;
  }
}

/** Why a folder lacks the file: it has other revisions; undefined for other reasons. */
function explainFolder(catalogue: string, dashboard: CommunityDashboard): Problem | undefined {
  const name = new RegExp(`^${String(dashboard.id)}_rev(\\d+)\\.json$`);
  // undefined for no folder at all, which the failed read reports
  const files = attempt(() => readdirSync(path.resolve(PROJECT, catalogue)));
  const revisions = files?.flatMap((file) => name.exec(file)?.[1] ?? []) ?? [];
  return revisions.length === 0 || revisions.includes(String(dashboard.revision))
    ? undefined
    : noRevision(catalogue, dashboard, `, but ${revisions.join(", ")}`);
}

function noRevision(catalogue: string, dashboard: CommunityDashboard, others: string): Problem {
  return {
    setting: "communityDashboards",
    value: dashboard,
    problem: `${catalogue} has no revision ${String(dashboard.revision)} of dashboard ${String(dashboard.id)}${others}`,
    fix: "set a revision that it has, with the sha256 of its file",
  };
}

function fileOf(catalogue: string, { id, revision }: CommunityDashboard): string {
  return path.resolve(PROJECT, catalogue, `${String(id)}_rev${String(revision)}.json`);
}

async function fetchEntry(catalogue: string, dashboard: CommunityDashboard): Promise<Buffer> {
  const cached = path.join(cacheFolder(), `${dashboard.sha256 ?? ""}.json`);
  const kept = attempt(() => readFileSync(cached));
  if (kept !== undefined && checkSum(dashboard, kept) === undefined) {
    return kept;
  }
  const { id, revision } = dashboard;
  const response = await ask(`${addressOf(catalogue)}/${String(id)}/revisions/${String(revision)}/download`);
  const file = Buffer.from(await response.arrayBuffer());
  if (checkSum(dashboard, file) === undefined) {
    // without a cache the next run downloads it again
    attempt(() => {
      mkdirSync(cacheFolder(), { recursive: true });
      // renamed when complete: another preview may run concurrently
      writeFileSync(`${cached}.${String(process.pid)}`, file);
      renameSync(`${cached}.${String(process.pid)}`, cached);
    });
  }
  return file;
}

/** The catalogue does not have the file. */
class NotFound extends Error {}

/** A proxy's variable cannot be used. */
class InvalidProxy extends Error {}

/** Fetches through the proxy of HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which Node's own fetch ignores. */
async function ask(url: string): Promise<Response> {
  // imported only when needed, as most runs download nothing
  const { EnvHttpProxyAgent, fetch } = await import("undici");
  // plain HTTP is requested from the proxy itself, which need not allow a tunnel for it
  const dispatcher = new EnvHttpProxyAgent({
    proxyTunnel: false,
    httpProxy: proxyOf("HTTP_PROXY"),
    httpsProxy: proxyOf("HTTPS_PROXY"),
  });
  const response = await fetch(url, { dispatcher, signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) {
    throw new (response.status === 404 ? NotFound : Error)(`${url} returned ${String(response.status)}`);
  }
  return response;
}

/** A proxy from its variable, with the scheme that undici requires and other programs add. */
function proxyOf(variable: string): string {
  const value = process.env[variable.toLowerCase()] ?? process.env[variable] ?? "";
  const proxy = /^([a-z\d]+:\/\/|$)/i.test(value) ? value : `http://${value}`;
  if (proxy !== "" && !isProxy(proxy)) {
    throw new InvalidProxy(`${variable} is not a URL`);
  }
  return proxy;
}

/** Whether it is a URL with a readable user and password; a parser takes `DOMAIN\user` for a host. */
function isProxy(text: string): boolean {
  const readable = attempt(() => decodeURIComponent(new URL(text).username + new URL(text).password));
  return readable !== undefined && !text.includes("\\");
}

/** The remedy for a failed download; Node trusts only well-known authorities and those of NODE_EXTRA_CA_CERTS. */
function connectionFix(error: unknown): string {
  if (error instanceof InvalidProxy) {
    return "encode the special characters in its user and password, such as %5C for a backslash";
  }
  return /certificate/i.test(reason(error))
    ? "set NODE_EXTRA_CA_CERTS to a file with the certificate of your proxy's authority"
    : "check the connection";
}

function addressOf(catalogue: string): string {
  return catalogue.replace(/\/$/, "");
}

function cacheFolder(): string {
  const given = process.env.XDG_CACHE_HOME;
  const base = given === undefined || given === "" ? path.join(os.homedir(), ".cache") : given;
  return path.join(base, "observability-lab", "dashboards");
}

/** The cause of a failed request or read. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  const { message } = (error.cause ?? {}) as { message?: unknown };
  return typeof message === "string" && message !== "" ? message : error.message;
}
