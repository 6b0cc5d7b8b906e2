import { Commands, Outcome } from "../pull-request/commands";
import { LabOutputs } from "../verify/lab";
import { Size, Workspace } from "./workspace";

/** A way to bring up the five containers with all that belongs to them, and to change them. */
export interface System {
  readonly name: "lab" | "compose";
  readonly place: Workspace;
  readonly commands: Commands;
  /** Label and value of its parts in the engine. */
  readonly dockerLabel: string;
  /** What a person edits: writes the settings of a lab of that size, nothing of which is up yet. */
  readonly prepare: (size: Size) => Promise<void>;
  /** Brings it up, or what was changed of it. */
  readonly up: () => Promise<void>;
  /** Whether `up` works; throws where a check fails. */
  readonly verify: () => Promise<void>;
  /** Shows that nothing would change; where that can be asked. */
  readonly preview?: () => Promise<void>;
  /** The same without the rules. */
  readonly previewWithoutRules?: () => Promise<void>;
  /** Brings up a program with one resource of each provider, and returns what previews it. */
  readonly floor?: () => Promise<() => Promise<void>>;
  /** Brings it up once more, which changes nothing. */
  readonly upAgain: () => Promise<void>;
  /** Edits the scrape interval, and returns what lets it take effect. */
  readonly editInterval: (interval: string) => Promise<() => Promise<void>>;
  /** Takes over an edited catalogue, and returns what lets it take effect. */
  readonly editDashboards: () => Promise<() => Promise<void>>;
  readonly destroy: () => Promise<void>;
  /** What `verify` reads. */
  readonly outputs: () => Promise<LabOutputs>;
}

/** Somebody asked for the end. */
export class Interrupted extends Error {}

/**
 * The outcome of a command that has to go well.
 *
 * @throws Interrupted, or Error with what the command said.
 */
export async function expectOk(commands: Commands, run: Promise<Outcome>): Promise<Outcome> {
  const outcome = await run;
  if (commands.interrupted) {
    throw new Interrupted("interrupted");
  }
  if (!outcome.ok) {
    throw new Error(outcome.messages);
  }
  return outcome;
}

/** What all of them come to, once every one of them has ended; throws what the first of them threw. */
export async function allEnded<T>(works: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(works);
  return Promise.all(works);
}

/** The caller's environment without what would lead a lab of the bench to the state of another one. */
export function benchEnvironment(place: Workspace): NodeJS.ProcessEnv {
  const foreign =
    /^(LAB_ROOM|LAB_CHECKOUT|LAB_STACK|STACK|MAKE.*|MFLAGS|PULUMI_(BACKEND_URL|ACCESS_TOKEN|CONFIG_PASSPHRASE.*))$/;
  const own = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  return { ...Object.fromEntries(own), XDG_STATE_HOME: place.stateHome };
}
