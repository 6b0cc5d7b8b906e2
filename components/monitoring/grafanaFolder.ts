import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { FOLDER, NOT_ACCEPTABLE } from "../../lib/drift/grafana";
import { urlSegment } from "../../lib/shared/foreignNames";
import { GrafanaApi, GrafanaError } from "./grafanaApi";

const MESSAGE = "moved while the lab's folder was recreated";

/** Moves a user's dashboard from the lab's folder into that folder, or into General without one. */
type Move = (folderUid: string) => Promise<unknown>;

/** A dashboard as returned by Grafana's resource API. */
interface DashboardResource {
  readonly metadata: {
    readonly resourceVersion?: string | undefined;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** The folder that holds the lab's dashboards. */
export function createFolder(
  name: string,
  api: GrafanaApi,
  ours: ReadonlySet<string>,
  options: pulumi.CustomResourceOptions,
): grafana.oss.Folder {
  let moves: readonly Move[] = [];
  return new grafana.oss.Folder(`${name}-folder`, FOLDER, {
    ...options,
    hooks: {
      // the provider cannot adopt a folder that is already in the volume
      beforeCreate: [
        async () => {
          moves = await removeFolder(api, ours);
        },
      ],
      afterCreate: [
        async () => {
          await moveAll(moves, FOLDER.uid);
        },
      ],
    },
  });
}

/** Recreates the folder if somebody deleted it with its contents. */
export async function ensureFolder(api: GrafanaApi): Promise<void> {
  const exists = async (): Promise<boolean> => (await api.call("GET", `/api/folders/${FOLDER.uid}`)) !== undefined;
  if (await exists()) {
    return;
  }
  try {
    await api.call("POST", "/api/folders", FOLDER);
  } catch (error) {
    // the other dashboards do the same at this moment
    if (!(await exists())) {
      throw error;
    }
  }
}

/** Removes the folder after moving users' dashboards to General; returns the moves to repeat. */
async function removeFolder(api: GrafanaApi, ours: ReadonlySet<string>): Promise<readonly Move[]> {
  if ((await api.call("GET", `/api/folders/${FOLDER.uid}`)) === undefined) {
    return [];
  }
  const dashboards = await api.call<{ uid: string }[]>(
    "GET",
    `/api/search?type=dash-db&folderUIDs=${FOLDER.uid}&limit=5000`,
  );
  const foreign = (dashboards ?? []).filter(({ uid }) => !ours.has(uid));
  const moves = await Promise.all(foreign.map(({ uid }) => prepareMove(api, uid)));
  const existing = moves.filter((it) => it !== undefined);
  await moveAll(existing, "");
  // without force, which would also delete users' alert rules in it
  await api.call("DELETE", `/api/folders/${FOLDER.uid}`);
  return existing;
}

/** Undefined for a missing dashboard. */
async function prepareMove(api: GrafanaApi, uid: string): Promise<Move | undefined> {
  try {
    const kept = await api.call<{ dashboard: object }>("GET", `/api/dashboards/uid/${urlSegment(uid)}`);
    return (
      kept &&
      ((folderUid) => {
        const { dashboard } = kept;
        return api.call("POST", "/api/dashboards/db", { dashboard, folderUid, overwrite: true, message: MESSAGE });
      })
    );
  } catch (error) {
    const address = resourceAddress(error);
    if (address === undefined) {
      throw error;
    }
    const resource = await api.call<DashboardResource>("GET", address);
    return resource && ((folderUid) => api.call("PUT", address, inFolder(resource, folderUid)));
  }
}

/** Address of a dashboard in schema version 2, from Grafana's error at the older address. */
function resourceAddress(error: unknown): string | undefined {
  return error instanceof GrafanaError && error.status === NOT_ACCEPTABLE
    ? /\/apis\/dashboard\.grafana\.app\/\w+\/namespaces\/[\w-]+\/dashboards\/[\w-]+/.exec(error.text)?.[0]
    : undefined;
}

/** The resource as Grafana's own page moves it: without the version that it replaces (grafana#99664). */
function inFolder(resource: DashboardResource, folderUid: string): DashboardResource {
  const { metadata } = resource;
  const annotations = { ...metadata.annotations, "grafana.app/folder": folderUid, "grafana.app/message": MESSAGE };
  return { ...resource, metadata: { ...metadata, resourceVersion: undefined, annotations } };
}

async function moveAll(moves: readonly Move[], folderUid: string): Promise<void> {
  for (const move of moves) {
    await move(folderUid);
  }
}
