import * as pulumi from "@pulumi/pulumi";
import { OPAQUE } from "../../lib/settings/scrapeTargets";
import { SECRET_FIELDS } from "../../lib/settings/secretFields";
import { Settings } from "../../lib/settings/settings";
import { ConfigFile } from "../container/configVolume";
import { CONFIG_FOLDER } from "../container/spec";

/** Fields that are written to files: secrets, and the certificate of a key, as promtool wants both in files or neither. */
const FILE_FIELDS: Readonly<Record<string, string>> = { ...SECRET_FIELDS, cert: "cert_file" };

/** A value in Prometheus' format, and its secrets, which are stored in separate files. */
interface Rendered {
  readonly value: unknown;
  readonly secrets: readonly string[];
}

/** The jobs of the setting `extraScrapeTargets` in Prometheus' format; secrets are in separate files. */
export function extraTargetJobs({ extraScrapeTargets }: Settings): readonly object[] {
  return extraScrapeTargets.map(({ job, targets, labels, metricsPath, ...rest }, index) => ({
    job_name: job,
    ...(targets === undefined ? {} : { static_configs: [{ targets, ...(labels === undefined ? {} : { labels }) }] }),
    ...(metricsPath === undefined ? {} : { metrics_path: metricsPath }),
    ...Object.fromEntries(Object.entries(rest).filter(([field]) => OPAQUE.includes(field))),
    ...(render(withoutOpaque(rest), index, 0).value as object),
  }));
}

/** The files with secrets of these jobs, which Prometheus reads for each scrape. */
export function extraTargetSecrets({ extraScrapeTargets }: Settings): readonly ConfigFile[] {
  return extraScrapeTargets.flatMap((entry, index) =>
    // their own fields contain no secret
    render(withoutOpaque(entry), index, 0).secrets.map((content, number) => ({
      file: secretFile(index, number),
      content: pulumi.secret(content),
    })),
  );
}

function withoutOpaque(entry: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(entry).filter(([field]) => !OPAQUE.includes(field)));
}

/** A value with each secret replaced by its file; `first` is the number of the first one. */
function render(value: unknown, index: number, first: number): Rendered {
  if (typeof value !== "object" || value === null) {
    return { value, secrets: [] };
  }
  const secrets: string[] = [];
  const keep = (secret: string): string => `${CONFIG_FOLDER}/${secretFile(index, first + secrets.push(secret) - 1)}`;
  const inner = (item: unknown): unknown => {
    const rendered = render(item, index, first + secrets.length);
    secrets.push(...rendered.secrets);
    return rendered.value;
  };
  if (Array.isArray(value)) {
    return { value: value.map(inner), secrets };
  }
  const fields = Object.entries(value).map(([field, item]: [string, unknown]) => {
    const fileField = FILE_FIELDS[field];
    if (fileField !== undefined && typeof item === "string") {
      return [fileField, keep(item)];
    }
    if (fileField !== undefined && Array.isArray(item)) {
      return [fileField, (item as string[]).map(keep)];
    }
    return [field, inner(item)];
  });
  return { value: Object.fromEntries(fields) as object, secrets };
}

function secretFile(index: number, number: number): string {
  return `scrape_secret_${String(index)}_${String(number)}`;
}
