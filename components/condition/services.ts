import { SwarmService } from "../swarm/state";
import { Damage, GONE } from "./damage";

/** What is wrong with a Swarm service; that its tasks run is Swarm's own work. */
export function serviceDamage(found: SwarmService | undefined): Damage {
  return found === undefined ? GONE : undefined;
}
