import { LAB_LABEL } from "../shared/names";
import { LabError } from "../shared/problems";
import { callDocker } from "./client";
import { Labels } from "./swarmOwner";
import { succeed } from "./temporaryContainer";

type Kind = "containers" | "networks" | "services";

/** Creates a volume with the lab's label and these labels, unless one with that name exists. */
export async function ensureVolume(
  name: string,
  lab: string,
  labels: Readonly<Record<string, string>> = {},
): Promise<void> {
  await succeed("POST", "/volumes/create", { Name: name, Labels: { [LAB_LABEL]: lab, ...labels } });
}

/** Also removes a running container, with the anonymous volumes of its image. */
const HOW: Readonly<Record<Kind, string>> = { containers: "?force=1&v=1", networks: "", services: "" };

/**
 * Removes an orphan of the lab, a container, network or Swarm service in no state, before a new one gets its name.
 * A killed update leaves orphans; their data is in volumes.
 *
 * @param belongsToLab Whether it is this lab's, by its labels; by default by the lab's name.
 * @throws LabError if another lab's object has that name, or if Docker returns an error.
 */
export async function removeOrphan(
  kind: Kind,
  name: string,
  lab: string,
  belongsToLab = (labels: Labels): boolean => labels?.[LAB_LABEL] === lab,
): Promise<void> {
  const found = await callDocker("GET", kind === "containers" ? `/containers/${name}/json` : `/${kind}/${name}`);
  if (found.status === 404) {
    return;
  }
  if (found.status !== 200) {
    const body = found.body.toString().trim();
    throw new LabError(`Docker returned ${String(found.status)} for the ${kind.slice(0, -1)} ${name}: ${body}`);
  }
  const thing = JSON.parse(found.body.toString()) as {
    readonly Id?: string;
    /** Spelling of a service's labels. */
    readonly ID?: string;
    readonly Labels?: Labels;
    readonly Spec?: { readonly Labels?: Labels };
    readonly Config?: { readonly Labels?: Labels };
    readonly Containers?: Readonly<Record<string, unknown>>;
  };
  const labels = thing.Config?.Labels ?? thing.Spec?.Labels ?? thing.Labels;
  const id = thing.Id ?? thing.ID ?? name;
  if (!belongsToLab(labels)) {
    throw new LabError(
      `a ${kind.slice(0, -1)} named ${name} exists and does not belong to this lab; set another namePrefix, or remove it by hand`,
    );
  }
  for (const container of Object.keys(thing.Containers ?? {})) {
    await callDocker("POST", `/networks/${id}/disconnect`, { Container: container, Force: true });
  }
  const { status, body } = await callDocker("DELETE", `/${kind}/${id}${HOW[kind]}`);
  // it may have been removed meanwhile
  if (status >= 400 && status !== 404) {
    throw new LabError(
      `the ${kind.slice(0, -1)} ${name} is left over from an earlier update and cannot be removed: ${body.toString()}`,
    );
  }
}
