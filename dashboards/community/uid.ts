import { quote } from "../../lib/shared/foreignNames";
import { CatalogueEntry } from "./entry";

/** Of a dashboard, as Grafana takes it: IsValidShortUID and IsShortUIDTooLong in its pkg/util/shortid_generator.go. */
const UID = /^[A-Za-z0-9_-]{1,40}$/;

/** The uid that a dashboard of the catalogue has in the lab: its own, or one of its id where Grafana would not take that. */
export function labUid({ id, json }: CatalogueEntry): string {
  const uid = exportedUid(json);
  return typeof uid === "string" && UID.test(uid) ? uid : `community-${String(id)}`;
}

/** States that a dashboard does not keep the uid of its file; undefined where it does, or its file has none. */
export function describeNewUid(entry: CatalogueEntry): string | undefined {
  const [exported, uid] = [exportedUid(entry.json), labUid(entry)];
  if (exported === uid || exported === undefined || exported === null || exported === "") {
    return undefined;
  }
  const shown =
    typeof exported === "string" ? quote(exported) : `${quote(JSON.stringify(exported))}, which is not a text,`;
  return (
    `dashboard ${String(entry.id)}: Grafana does not take its uid ${shown} (1 to 40 letters, digits, "_" and "-"); ` +
    `it has the uid ${uid} in the lab, and links to its former address do not lead to it`
  );
}

function exportedUid(json: string): unknown {
  return (JSON.parse(json) as { uid?: unknown }).uid;
}
