import { inspectMachine } from "../../lib/docker/machine";
import { findContainer, FoundContainer } from "../../lib/drift/containers";
import { Drift } from "../../lib/drift/drift";
import { filesDrift } from "../../lib/drift/files";
import { loadedDrift, readReload, RELOAD_METRICS } from "../../lib/drift/reloads";
import { alertRules, RULES } from "../../lib/shared/alertRules";
import { CheckError, LabOutputs } from "./lab";

/** Whether every program has loaded the files that the lab wrote for it. */
export async function configurationLoaded(lab: LabOutputs): Promise<string> {
  const { containers } = await inspectMachine();
  const results = await Promise.all(
    lab.containers.map(async (name) => {
      const listed = containers.find(({ Names }) => Names.includes(`/${name}`));
      const found = listed === undefined ? undefined : await findContainer(listed);
      // a missing container is reported by another check
      return found === undefined || found.files?.size === 0
        ? undefined
        : { name, drift: await driftOf(name, found, lab) };
    }),
  );
  const configured = results.filter((it) => it !== undefined);
  const wrong = configured.flatMap(({ name, drift }) => (drift === undefined ? [] : [`${name}: ${drift}`]));
  if (wrong.length > 0) {
    throw new CheckError(
      wrong.join("; "),
      "run make up, which writes and loads the declared files; if it fails, fix the file that it names",
    );
  }
  return `${configured.map(({ name }) => name).join(", ")} run with the declared files`;
}

async function driftOf(name: string, found: FoundContainer, lab: LabOutputs): Promise<Drift> {
  return found.files === undefined
    ? "Docker does not return its files"
    : (filesDrift(true, found) ?? rulesDrift(name, found) ?? loadedBy(name, found, lab));
}

/** Drift of Prometheus' rule files: a rejected change of the checkout, or one that no update has applied. */
function rulesDrift(name: string, { files }: FoundContainer): Drift {
  if (!name.endsWith("prometheus") || files === undefined) {
    return undefined;
  }
  const declared = new Map(alertRules().map(({ file, content }) => [file, content]));
  const present = [...files.keys()].filter((file) => file.endsWith(RULES));
  const different = [...new Set([...declared.keys(), ...present])].find(
    (file) => declared.get(file) !== files.get(file),
  );
  return different === undefined ? undefined : `${different} differs from assets/prometheus`;
}

/** Drift of a program's loaded configuration, if it reports one. */
async function loadedBy(name: string, found: FoundContainer, lab: LabOutputs): Promise<Drift> {
  const urls = { prometheus: lab.prometheusUrl, alertmanager: lab.alertmanagerUrl };
  for (const program of ["prometheus", "alertmanager"] as const) {
    const url = urls[program];
    // the name without the lab's prefix
    if (name.endsWith(program) && url !== undefined) {
      const reload = await readReload(url, RELOAD_METRICS[program], lab.webPassword).catch((error: unknown) => {
        const { message, cause } = error as Error & { cause?: Error };
        const why = cause?.message ?? message;
        throw new CheckError(`${name} does not report whether it loaded its files (${why})`, "read make logs");
      });
      return loadedDrift(reload, found);
    }
  }
  return undefined;
}
