import { SwarmService } from "../docker/swarm";
import { Drift, MISSING } from "./drift";

/** Ways in which an update ends without being one. */
const FAILED = /^(paused|rollback_(started|paused|completed))$/;

/** What is wrong with a Swarm service; that its tasks run is Swarm's own work. */
export function serviceDrift(found: SwarmService | undefined): Drift {
  if (found === undefined) {
    return MISSING;
  }
  const { State: state = "", Message: message } = found.UpdateStatus ?? {};
  return FAILED.test(state) ? `Swarm did not complete its last update (${message ?? state})` : undefined;
}
