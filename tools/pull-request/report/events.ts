import { hideCredentials } from "../../../lib/shared/problems";
import { isObject } from "./differences";

/** Properties of a resource as the engine's events give them; what is secret is `[secret]` there. */
export type Properties = Readonly<Record<string, unknown>>;

interface StepState {
  readonly inputs?: Properties;
  readonly retainOnDelete?: boolean;
}

/** A step of the engine. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: StepState | null;
  readonly new?: StepState | null;
  /** Properties that make it a replacement. */
  readonly keys?: readonly string[] | null;
  /** Paths of the properties that differ; of what the provider found, and perhaps of nothing that was asked for. */
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** A rule of the policy pack that does not hold. */
export interface Violation {
  readonly resourceUrn?: string;
  readonly message: string;
  readonly policyName: string;
  readonly enforcementLevel: string;
}

/**
 * What of the engine's JSON events a report needs; the form is that of `EngineEvent` in `@pulumi/pulumi/automation`.
 */
interface Event {
  readonly resourcePreEvent?: { readonly metadata: Step };
  readonly diagnosticEvent?: {
    readonly message: string;
    readonly severity: string;
    readonly ephemeral?: boolean;
    /** The resource that it is about. */
    readonly urn?: string;
  };
  readonly policyEvent?: Violation;
  readonly summaryEvent?: { readonly policyPacks?: Readonly<Record<string, string>> | null };
}

/** A run of the engine. */
export interface EngineRun {
  readonly steps: readonly Step[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly violations: readonly Violation[];
  /** Whether the engine came to its end and summed it up. */
  readonly ended: boolean;
}

/** What stands in the events for a value that only the update itself brings (`UnknownStringValue` of the engine). */
const UNKNOWN = /04da6b54-80e4-46f7-96ec-b56ff0331ba9/g;

/** Reads a log that the engine wrote, an event a line; the last line may be cut where its writer was killed. */
export function readEvents(log: string): readonly Event[] {
  const lines = log.replace(UNKNOWN, "(known once it is there)").split("\n");
  return lines.flatMap((line): Event[] => {
    try {
      const event: unknown = JSON.parse(line);
      return isObject(event) ? [event] : [];
    } catch {
      return [];
    }
  });
}

/** Reads what a run did from the log that the engine wrote. */
export function readRun(log: string): EngineRun {
  const events = readEvents(log);
  const told = (severity: string): string[] => [
    ...new Set(
      events
        .filter(({ diagnosticEvent }) => diagnosticEvent?.severity === severity && diagnosticEvent.ephemeral !== true)
        .map(({ diagnosticEvent }) => plain(diagnosticEvent?.message ?? ""))
        .filter((message) => message !== ""),
    ),
  ];
  return {
    steps: events.flatMap(({ resourcePreEvent }) =>
      resourcePreEvent === undefined ? [] : [resourcePreEvent.metadata],
    ),
    errors: told("error"),
    warnings: told("warning"),
    violations: events.flatMap(({ policyEvent }) =>
      policyEvent === undefined ? [] : [{ ...policyEvent, message: plain(policyEvent.message) }],
    ),
    ended: events.some(({ summaryEvent }) => summaryEvent !== undefined),
  };
}

/** A message without the engine's marks for colours and the credentials of a URL. */
function plain(message: string): string {
  return hideCredentials(message)
    .replace(/<\{%[^%]*%\}>/g, "")
    .trim();
}
