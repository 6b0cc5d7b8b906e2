import { quote } from "../../lib/shared/foreignNames";
import { CatalogueEntry } from "./entry";

/** A valid uid in Grafana: IsValidShortUID and IsShortUIDTooLong in its pkg/util/shortid_generator.go. */
const UID = /^[A-Za-z0-9_-]{1,40}$/;

/** The uid of a community dashboard in the lab: its own, or one derived from its id if Grafana would reject that. */
export function labUid({ id, json }: CatalogueEntry): string {
  const uid = exportedUid(json);
  return typeof uid === "string" && UID.test(uid) ? uid : `community-${String(id)}`;
}

/** Message if a dashboard does not keep the uid of its file; undefined if it does, or the file has none. */
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
