import type { EngineEvent, PolicyEvent } from "@pulumi/pulumi/automation";
import { parseJson } from "../../../lib/shared/attempt";
import { hideCredentials } from "../../../lib/shared/problems";
import { isObject } from "../../../lib/shared/isObject";

/** Properties of a resource in the Pulumi engine's events; secrets are `[secret]`. */
export type Properties = Readonly<Record<string, unknown>>;

interface StepState {
  readonly inputs?: Properties;
  readonly retainOnDelete?: boolean;
}

/** A step of the Pulumi engine, whose SDK does not declare that an absent field may be null. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly type: string;
  readonly old?: StepState | null;
  readonly new?: StepState | null;
  /** Properties that cause a replacement. */
  readonly keys?: readonly string[] | null;
  /** Paths of the properties that differ; the provider may have found them, so not all of them are inputs. */
  readonly detailedDiff?: Readonly<Record<string, unknown>> | null;
}

/** A violated policy of the policy pack. */
export type Violation = Pick<PolicyEvent, "resourceUrn" | "message" | "policyName">;

/** An event of the Pulumi engine in JSON. */
interface Event extends Pick<EngineEvent, "diagnosticEvent" | "policyEvent" | "summaryEvent"> {
  readonly resourcePreEvent?: { readonly metadata: Step };
}

/** A run of the Pulumi engine. */
export interface EngineRun {
  readonly steps: readonly Step[];
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  readonly violations: readonly Violation[];
  /** Whether the engine finished with a summary. */
  readonly ended: boolean;
}

/** The engine's placeholder for a value that is known only after the update (its `UnknownStringValue`). */
const UNKNOWN = /04da6b54-80e4-46f7-96ec-b56ff0331ba9/g;

/** Parses an event log, one event per line; the last line may be incomplete if its writer was killed. */
export function readEvents(log: string): readonly Event[] {
  const lines = log.replace(UNKNOWN, "(known after the update)").split("\n");
  return lines.map((line) => parseJson(line)).filter(isObject);
}

/** Summarizes a run from its event log. */
export function readRun(log: string): EngineRun {
  const events = readEvents(log);
  const messagesOf = (severity: string): string[] => [
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
    errors: messagesOf("error"),
    warnings: messagesOf("warning"),
    violations: events.flatMap(({ policyEvent }) =>
      policyEvent === undefined ? [] : [{ ...policyEvent, message: plain(policyEvent.message) }],
    ),
    ended: events.some(({ summaryEvent }) => summaryEvent !== undefined),
  };
}

/** A message without the engine's colour tags and without credentials in URLs. */
function plain(message: string): string {
  return hideCredentials(message)
    .replace(/<\{%[^%]*%\}>/g, "")
    .trim();
}
