import { parseJson } from "../../lib/shared/attempt";
import { isObject } from "../../lib/shared/isObject";

/** A dashboard in the classic model as JSON, or why there is none. */
export type Classic = { readonly json: string } | { readonly problem: string; readonly fix: string };

const NOT_A_DASHBOARD: Classic = {
  problem: "the file is not JSON with panels",
  fix: "set a catalogue of Grafana dashboards in the classic export format",
};
const VERSION_2: Classic = {
  problem: "the file is in Grafana's schema version 2, which its classic API does not take",
  fix: "export the dashboard again with the model Classic, or V1 Resource",
};

/** Decodes UTF-8, or UTF-16 as Windows PowerShell writes it, without a byte order mark. */
export function decode(file: Buffer): string {
  return new TextDecoder(file[0] === 0xff && file[1] === 0xfe ? "utf-16le" : "utf-8").decode(file);
}

/**
 * The classic model in a file, which may be wrapped: in a response of Grafana's API (`dashboard` beside `meta`), in
 * grafana.com's (`json`), or in a resource of `dashboard.grafana.app`, as Git Sync and Grafana 13 export it.
 */
export function readClassic(text: string): Classic {
  const file = parseJson(text);
  if (!isObject(file)) {
    return NOT_A_DASHBOARD;
  }
  const { apiVersion, metadata, spec, elements, layout, dashboard, json } = file;
  // Grafana before version 5 wrote rows instead of panels
  if (Array.isArray(file.panels) || Array.isArray(file.rows)) {
    return { json: text };
  }
  if (isObject(elements) && isObject(layout)) {
    return VERSION_2;
  }
  if (typeof apiVersion === "string" && apiVersion.startsWith("dashboard.grafana.app/") && isObject(spec)) {
    const uid = isObject(metadata) ? metadata.name : undefined;
    return /\/v[01](?!\d)/.test(apiVersion)
      ? readClassic(JSON.stringify({ ...spec, uid: typeof spec.uid === "string" && spec.uid !== "" ? spec.uid : uid }))
      : VERSION_2;
  }
  const wrapped = [dashboard, json].find(isObject);
  return wrapped === undefined ? NOT_A_DASHBOARD : readClassic(JSON.stringify(wrapped));
}
