import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { FOLDER_UID } from "../condition/grafana";
import { GrafanaApi } from "./grafanaApi";

const FOLDER = { uid: FOLDER_UID, title: "Observability lab" };

/** A dashboard that somebody made in the lab's folder. */
interface Kept {
  readonly dashboard: { readonly uid: string };
}

/** The folder that holds the lab's dashboards. */
export function createFolder(
  name: string,
  api: GrafanaApi,
  ours: ReadonlySet<string>,
  options: pulumi.CustomResourceOptions,
): grafana.oss.Folder {
  let kept: readonly Kept[] = [];
  return new grafana.oss.Folder(`${name}-folder`, FOLDER, {
    ...options,
    hooks: {
      // the provider cannot take over a folder that is in a volume from before
      beforeCreate: [
        async () => {
          kept = await setAside(api, ours);
        },
      ],
      afterCreate: [
        async () => {
          await move(api, kept, FOLDER_UID);
        },
      ],
    },
  });
}

/** Makes the folder again where somebody deleted it with everything in it. */
export async function ensureFolder(api: GrafanaApi): Promise<void> {
  const exists = async (): Promise<boolean> => (await api.call("GET", `/api/folders/${FOLDER_UID}`)) !== undefined;
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

/** Removes the folder; what others put into it goes to Grafana's General meanwhile. */
async function setAside(api: GrafanaApi, ours: ReadonlySet<string>): Promise<readonly Kept[]> {
  if ((await api.call("GET", `/api/folders/${FOLDER_UID}`)) === undefined) {
    return [];
  }
  const held = await api.call<{ uid: string }[]>("GET", `/api/search?type=dash-db&folderUIDs=${FOLDER_UID}&limit=5000`);
  const foreign = (held ?? []).filter(({ uid }) => !ours.has(uid));
  const kept = await Promise.all(foreign.map(({ uid }) => api.call<Kept>("GET", `/api/dashboards/uid/${uid}`)));
  const found = kept.filter((it) => it !== undefined);
  await move(api, found, "");
  // without force: alert rules that somebody made in it would go with it
  await api.call("DELETE", `/api/folders/${FOLDER_UID}`);
  return found;
}

async function move(api: GrafanaApi, dashboards: readonly Kept[], folderUid: string): Promise<void> {
  for (const { dashboard } of dashboards) {
    const message = "moved while the lab's folder was made anew";
    await api.call("POST", "/api/dashboards/db", { dashboard, folderUid, overwrite: true, message });
  }
}
