import * as pulumi from "@pulumi/pulumi";
import { dockerGet } from "../docker/client";
import { Machine } from "../docker/machine";
import { SwarmService } from "../docker/swarm";
import { belongsToManager } from "../docker/swarmOwner";
import { removeLeftovers, TEMPORARY_LABEL } from "../docker/temporaryContainer";
import { Settings } from "../settings/settings";
import { connectHost, LAB_LABEL, labName, overlayName } from "../shared/names";
import { WEB_PASSWORD_FILE } from "../shared/webSignIn";
import { findContainer, FoundContainer } from "./containers";
import { savedVersions } from "./dashboards";
import { Drift } from "./drift";
import {
  EMPTY_GRAFANA,
  ObservedGrafana,
  observeGrafana,
  observePanelPlugins,
  PanelPlugins,
  UNKNOWN_GRAFANA,
} from "./grafana";
import { labFolder, ObservedHost, observeHost } from "./host";
import { loadedDrift, readReload, RELOAD_METRICS } from "./reloads";
import { repairTime } from "./repairTime";

/** The lab on this machine, observed once per run of the program. */
export interface ObservedLab {
  /** Id of the lab's network. */
  readonly network: string | undefined;
  /** Id of the network over all nodes of a swarm. */
  readonly overlay: string | undefined;
  /** The lab's Swarm services, by name. */
  readonly services: ReadonlyMap<string, SwarmService>;
  /** The lab's containers, by their names on the host. */
  readonly containers: ReadonlyMap<string, FoundContainer>;
  /** Names of the lab's volumes. */
  readonly volumes: ReadonlySet<string>;
  /** Drift of the files that Prometheus has loaded. */
  readonly loaded: Drift;
  readonly host: ObservedHost;
  /** The state directory on the host. */
  readonly folder: string;
  readonly grafana: ObservedGrafana;
  /** The time that repairs carry; see `repairTime`. */
  readonly repairTime: () => string;
  /** The version of each dashboard that the lab saved last, by uid. */
  readonly savedVersions: ReadonlyMap<string, number>;
}

/** File of Grafana's config volume that holds its admin's password. */
export const PASSWORD_FILE = "admin_password";

/** Observes the running lab, so that `pulumi preview` shows and `pulumi up` repairs its drift without a refresh. */
export async function observeLab(settings: Settings, machine: Machine): Promise<ObservedLab> {
  const lab = labName(settings.namePrefix);
  const folder = labFolder(lab);
  if (machine.containers.some(({ Labels }) => TEMPORARY_LABEL in Labels)) {
    await removeLeftovers();
  }
  const ours = machine.containers.filter(({ Labels }) => Labels[LAB_LABEL] === lab);
  const [found, volumes, host] = await Promise.all([
    Promise.all(ours.map(async (it) => [(it.Names[0] ?? "").slice(1), await findContainer(it)] as const)),
    findVolumes(lab),
    observeHost(lab, folder),
  ]);
  const containers = new Map(found.filter((it): it is [string, FoundContainer] => it[1] !== undefined));
  const overlay = overlayName(settings.namePrefix);
  const services = machine.swarm.services.filter(({ Spec }) => belongsToManager(Spec.Labels, lab, machine));
  const [grafana, loaded] = await Promise.all([
    volumes.has(`${lab}-grafana`) ? observeRunning(containers.get(`${settings.namePrefix}grafana`)) : EMPTY_GRAFANA,
    observeLoaded(containers.get(`${settings.namePrefix}prometheus`)),
  ]);
  return {
    network: machine.networks.find(({ Name, Labels }) => Name === lab && Labels?.[LAB_LABEL] === lab)?.Id,
    overlay: machine.networks.find(({ Name, Labels }) => Name === overlay && belongsToManager(Labels, lab, machine))
      ?.Id,
    services: new Map(services.map((it) => [it.Spec.Name, it])),
    containers,
    volumes,
    loaded,
    host,
    folder,
    grafana,
    repairTime: repairTime(lab, pulumi.runtime.isDryRun()),
    savedVersions: savedVersions(folder),
  };
}

async function findVolumes(lab: string): Promise<ReadonlySet<string>> {
  // by name, as a volume that Docker created for a container has no label
  const filters = encodeURIComponent(JSON.stringify({ name: [lab] }));
  const { Volumes } = await dockerGet<{ Volumes: readonly { Name: string }[] | null }>(`/volumes?filters=${filters}`);
  return new Set((Volumes ?? []).map(({ Name }) => Name));
}

async function observeLoaded(container: FoundContainer | undefined): Promise<Drift> {
  const [url, password] = [publishedUrl(container), container?.files?.get(WEB_PASSWORD_FILE)];
  // undefined if it is starting, or another program has the port: the container's health shows which
  const reload = url && (await readReload(url, RELOAD_METRICS.prometheus, password).catch(() => undefined));
  return reload && container && loadedDrift(reload, container);
}

async function observeRunning(container: FoundContainer | undefined): Promise<ObservedGrafana> {
  const access = accessTo(container);
  return access === undefined ? UNKNOWN_GRAFANA : observeGrafana(access.url, access.password);
}

/** Ids of the panel plugins of the lab's Grafana. */
export async function installedPanelPlugins(
  { namePrefix }: Settings,
  { grafana, containers }: ObservedLab,
): Promise<PanelPlugins> {
  if (grafana === EMPTY_GRAFANA) {
    return new Set();
  }
  // signing in failed before, and Grafana rejects the right password after too many attempts
  const access = grafana.found === undefined ? undefined : accessTo(containers.get(`${namePrefix}grafana`));
  return access === undefined ? "unknown" : observePanelPlugins(access.url, access.password);
}

/** Address of a running Grafana, with the password that the lab set. */
function accessTo(container: FoundContainer | undefined): { url: string; password: string } | undefined {
  const [url, password] = [publishedUrl(container), container?.files?.get(PASSWORD_FILE)];
  return url === undefined || password === undefined ? undefined : { url, password };
}

/** URL of a running container. */
function publishedUrl(container: FoundContainer | undefined): string | undefined {
  // null for a port that the image exposes and nobody publishes
  const published = Object.values(container?.NetworkSettings.Ports ?? {})
    .flat()
    .find((it) => it !== null);
  return container?.State.Status === "running" && published
    ? `http://${connectHost(published.HostIp)}:${published.HostPort}`
    : undefined;
}
