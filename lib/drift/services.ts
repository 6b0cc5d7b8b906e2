import { SwarmService } from "../docker/swarm";
import { Drift, MISSING } from "./drift";

/** States of a failed update. */
const FAILED = /^(paused|rollback_(started|paused|completed))$/;

/** Drift of a Swarm service, without its tasks, which Swarm itself restarts. */
export function serviceDrift(found: SwarmService | undefined): Drift {
  if (found === undefined) {
    return MISSING;
  }
  const { State: state = "", Message: message } = found.UpdateStatus ?? {};
  return FAILED.test(state) ? `Swarm did not complete its last update (${message ?? state})` : undefined;
}
