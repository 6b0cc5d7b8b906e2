import { DockerContainer } from "../../lib/docker/machine";
import { SwarmService } from "../../lib/docker/swarm";
import { FoundContainer } from "../../lib/drift/containers";
import { MISSING } from "../../lib/drift/drift";
import { describeFiles, RECORD } from "../../lib/drift/files";
import { EMPTY_GRAFANA, FoundDatasource, FoundGrafana } from "../../lib/drift/grafana";
import { ObservedLab } from "../../lib/drift/observe";
import { allServices, containersOf, nodeServicesOf } from "../../lib/settings/services";
import { Settings } from "../../lib/settings/settings";
import { labName, MEMORY_LABEL } from "../../lib/shared/names";

/** Id of the network of an existing lab. */
export const NETWORK_ID = "network-id";
/** Id of the existing overlay network of a swarm. */
export const OVERLAY_ID = "overlay-id";

/** State directory of a lab without recorded state. */
const FOLDER = "/nonexistent/observability-lab";
const MIB = 1024 * 1024;

/** Time in the repairs of an update. */
export const REPAIR_TIME = (): string => "2026-01-01T00:00:00.000Z";

/** Nothing of the lab exists: the state before a first update. */
export const FRESH: ObservedLab = {
  network: undefined,
  overlay: undefined,
  services: new Map(),
  containers: new Map(),
  volumes: new Set(),
  loaded: undefined,
  host: { app: MISSING, appPort: undefined, foreignApp: undefined, environments: { flask: MISSING, ansible: MISSING } },
  folder: FOLDER,
  grafana: EMPTY_GRAFANA,
  repairTime: REPAIR_TIME,
  savedVersions: new Map(),
};

/** A container as Docker lists it: running, without ports and labels by default. */
export function listed(name: string, more: Partial<DockerContainer> = {}): DockerContainer {
  return {
    Id: name,
    Names: [`/${name}`],
    Labels: {},
    State: "running",
    Command: `/bin/${name}`,
    Status: "Up 1 second",
    Ports: [],
    HostConfig: { NetworkMode: "bridge" },
    Mounts: [],
    ...more,
  };
}

/** The lab's datasource as Grafana returns it. */
export const DATASOURCE: FoundDatasource = {
  type: "prometheus",
  url: "http://prometheus:9090",
  access: "proxy",
  isDefault: true,
};

/** Versions of the dashboards of the fixture's catalogue and of the lab's own. */
const VERSIONS = new Map(["node", "lab-overview", "lab-flask", "lab-ansible", "lab-jobs"].map((uid) => [uid, 1]));

/** Content of a Grafana without drift, with the dashboards of the fixture's catalogue. */
export const HOLDINGS: FoundGrafana = {
  datasource: DATASOURCE,
  dashboards: VERSIONS,
};

/** A container after an update: running, on the lab's network, with 128 MiB. */
export function foundContainer(changes: Partial<FoundContainer> = {}, memory = 128): FoundContainer {
  return {
    State: { Status: "running", ExitCode: 0, Health: { Status: "healthy" } },
    HostConfig: { Memory: memory * MIB, RestartPolicy: { Name: "unless-stopped" } },
    NetworkSettings: { Networks: { "observability-lab": { NetworkID: NETWORK_ID } }, Ports: {} },
    Config: { Image: "", Labels: { [MEMORY_LABEL]: String(memory) } },
    files: new Map([[RECORD, describeFiles(new Map())]]),
    ...changes,
  };
}

/** A Swarm service as a manager lists it. */
export function swarmService(name: string, Labels: Readonly<Record<string, string>> = {}): SwarmService {
  return { ID: name, Spec: { Name: name, Labels } };
}

/** A lab without drift after an update. */
export function soundLab(settings: Settings): ObservedLab {
  const lab = labName(settings.namePrefix);
  const memories = new Map(allServices().map(([key, { hostname }]) => [hostname, settings[key].memory]));
  const swarm = settings.engine === "swarm";
  const overlay = swarm ? { [`${lab}-overlay`]: { NetworkID: OVERLAY_ID } } : {};
  const network = { Networks: { [lab]: { NetworkID: NETWORK_ID }, ...overlay }, Ports: {} };
  const containers = containersOf(settings).map(
    (name) => [name, foundContainer({ NetworkSettings: network }, memories.get(name))] as const,
  );
  const volumes = containersOf(settings).flatMap((name) => [`${lab}-${name}`, `${lab}-${name}-config`]);
  return {
    network: NETWORK_ID,
    overlay: swarm ? OVERLAY_ID : undefined,
    services: new Map(
      nodeServicesOf(settings).map((name) => [
        `${settings.namePrefix}${name}`,
        swarmService(`${settings.namePrefix}${name}`),
      ]),
    ),
    containers: new Map(containers.map(([name, found]) => [`${settings.namePrefix}${name}`, found])),
    volumes: new Set(volumes),
    loaded: undefined,
    host: { app: undefined, appPort: settings.flaskPort, environments: { flask: undefined, ansible: undefined } },
    folder: FOLDER,
    grafana: { password: undefined, found: HOLDINGS },
    repairTime: REPAIR_TIME,
    savedVersions: VERSIONS,
  };
}
