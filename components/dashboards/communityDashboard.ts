import * as pulumi from "@pulumi/pulumi";
import * as grafana from "@pulumiverse/grafana";
import { DATASOURCE_UID, Grafana } from "../monitoring/grafana";
import { CatalogueEntry } from "./catalogue";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = Record<string, Json>;

/** A dashboard of the catalogue, bound to the lab's datasource. */
export class CommunityDashboard extends pulumi.ComponentResource {
  /** The dashboard's uid, its authors' own where it has one. */
  readonly uid: string;

  constructor(
    name: string,
    args: { readonly entry: CatalogueEntry; readonly grafana: Grafana },
    options?: pulumi.ComponentResourceOptions,
  ) {
    super("observability-lab:dashboards:CommunityDashboard", name, {}, options);
    const model = bindDashboard(args.entry, DATASOURCE_UID);
    this.uid = model.uid;
    new grafana.oss.Dashboard(
      `${name}-dashboard`,
      { configJson: JSON.stringify(model), folder: args.grafana.folderUid, overwrite: true },
      { parent: this, provider: args.grafana.provider, deletedWith: args.grafana.container },
    );
    this.registerOutputs({ uid: this.uid });
  }
}

/**
 * The dashboard with every input and datasource variable bound to the datasource: an import through the
 * API does not ask for them as Grafana's own import page does.
 */
export function bindDashboard({ id, json }: CatalogueEntry, datasourceUid: string): JsonObject & { uid: string } {
  const exported = JSON.parse(json) as JsonObject;
  const inputs = new Map(
    objects(exported.__inputs).map(({ name, type, value }) => [
      text(name),
      type === "datasource" ? datasourceUid : text(value),
    ]),
  );
  const model = bindValue(exported, inputs, datasourceUid) as JsonObject;
  for (const variable of objects((model.templating as JsonObject | undefined)?.list)) {
    if (variable.type === "datasource") {
      variable.current = { selected: true, text: "Prometheus", value: datasourceUid };
    }
  }
  // these are for the import page, and an id belongs to the Grafana it was given by
  for (const field of ["__inputs", "__requires", "__elements", "id"]) {
    Reflect.deleteProperty(model, field);
  }
  const uid = typeof model.uid === "string" && model.uid !== "" ? model.uid : `community-${String(id)}`;
  return { ...model, uid };
}

function bindValue(value: Json, inputs: ReadonlyMap<string, string>, uid: string, key?: string): Json {
  if (typeof value === "string") {
    const bound = value.replace(/\$\{([^{}]+)\}/g, (whole, name: string) => inputs.get(name) ?? whole);
    // before Grafana 8.3 a datasource was a name; other than Grafana's own (in dashes) it can only be ours
    return key === "datasource" && !/^(--.*--|grafana|\$.*)$/.test(bound) ? { type: "prometheus", uid } : bound;
  }
  if (Array.isArray(value)) {
    return value.map((item) => bindValue(item, inputs, uid));
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, bindValue(item, inputs, uid, name)]));
  }
  return value;
}

function text(value: Json | undefined): string {
  return typeof value === "string" ? value : "";
}

function objects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value)
    ? value.filter((item): item is JsonObject => typeof item === "object" && item !== null && !Array.isArray(item))
    : [];
}
