import * as pulumi from "@pulumi/pulumi";
import { OPAQUE } from "../../lib/settings/scrapeTargets";
import { SECRET_FIELDS } from "../../lib/settings/secretFields";
import { Settings } from "../../lib/settings/settings";
import { isObject } from "../../lib/shared/isObject";
import { CONFIG_FOLDER, ConfigFile } from "../container/spec";

/** Fields that are written to files: secrets, and the certificate of a key, as promtool wants both in files or neither. */
const FILE_FIELDS = new Map(Object.entries({ ...SECRET_FIELDS, cert: "cert_file" }));

/** The jobs of the setting `extraScrapeTargets` in Prometheus' format; secrets are in separate files. */
export function extraTargetJobs({ extraScrapeTargets }: Settings): readonly object[] {
  return extraScrapeTargets.map(({ job, targets, labels, metricsPath, ...rest }, index) => ({
    job_name: job,
    ...(targets === undefined ? {} : { static_configs: [{ targets, ...(labels === undefined ? {} : { labels }) }] }),
    ...(metricsPath === undefined ? {} : { metrics_path: metricsPath }),
    ...Object.fromEntries(Object.entries(rest).filter(([field]) => OPAQUE.includes(field))),
    ...render(rest, index).fields,
  }));
}

/** The files with secrets of these jobs, which Prometheus reads for each scrape. */
export function extraTargetSecrets({ extraScrapeTargets }: Settings): readonly ConfigFile[] {
  return extraScrapeTargets.flatMap((entry, index) =>
    // their own fields contain no secret
    render(entry, index).secrets.map((content, number) => ({
      file: secretFile(index, number),
      content: pulumi.secret(content),
    })),
  );
}

/** An entry's fields except opaque ones, with each secret replaced by its file, and the secrets in the order of their files. */
function render(entry: object, index: number): { readonly fields: object; readonly secrets: readonly string[] } {
  const secrets: string[] = [];
  const keep = (secret: string): string => `${CONFIG_FOLDER}/${secretFile(index, secrets.push(secret) - 1)}`;
  const field = ([name, value]: [string, unknown]): [string, unknown] => {
    const file = FILE_FIELDS.get(name);
    return file !== undefined && typeof value === "string"
      ? [file, keep(value)]
      : file !== undefined && Array.isArray(value)
        ? [file, (value as string[]).map(keep)]
        : [name, inner(value)];
  };
  const inner = (value: unknown): unknown =>
    Array.isArray(value) ? value.map(inner) : isObject(value) ? fromFields(Object.entries(value)) : value;
  const fromFields = (fields: [string, unknown][]): object => Object.fromEntries(fields.map(field));
  return { fields: fromFields(Object.entries(entry).filter(([name]) => !OPAQUE.includes(name))), secrets };
}

function secretFile(index: number, number: number): string {
  return `scrape_secret_${String(index)}_${String(number)}`;
}
