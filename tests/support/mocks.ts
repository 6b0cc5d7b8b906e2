import * as pulumi from "@pulumi/pulumi";
import type { MockMonitor } from "@pulumi/pulumi/runtime/mocks";

/** A resource as the program registered it with the Pulumi engine. */
export interface Registration {
  readonly type: string;
  readonly name: string;
  readonly urn: string;
  /** URN of the parent; empty without one. */
  readonly parent: string;
  /** URN of the provider; empty for the default one. */
  readonly provider: string;
  /** Inputs, with secrets unwrapped. */
  readonly inputs: Readonly<Record<string, unknown>>;
  /** Names of the secret inputs. */
  readonly secretInputs: readonly string[];
  readonly secretOutputs: readonly string[];
  /** URNs of the resources that it depends on. */
  readonly dependencies: readonly string[];
  readonly deletedWith: string;
  readonly deleteBeforeReplace: boolean;
  readonly replaceOnChanges: readonly string[];
  /** URNs of the resources whose replacement also replaces it. */
  readonly replaceWith: readonly string[];
  readonly ignoreChanges: readonly string[];
  readonly retainOnDelete: boolean;
  /** The events with hooks, such as `beforeCreate`. */
  readonly hooks: readonly string[];
  readonly errorHooks: readonly string[];
}

/** The getters of pulumirpc.RegisterResourceRequest that the tests read; the SDK types the request as any. */
interface RegisterRequest {
  getType(): string;
  getName(): string;
  getParent(): string;
  getProvider(): string;
  getObject(): Parameters<typeof pulumi.runtime.deserializeProperties>[0];
  getAdditionalsecretoutputsList(): string[];
  getDependenciesList(): string[];
  getDeletedwith(): string;
  getDeletebeforereplace(): boolean;
  getReplaceonchangesList(): string[];
  getReplaceWithList(): string[];
  getIgnorechangesList(): string[];
  getRetainondelete(): boolean | undefined;
  getHooks(): HooksBinding | undefined;
}

/** Names of the hooks by event. */
interface HooksBinding {
  getBeforeCreateList(): string[];
  getAfterCreateList(): string[];
  getBeforeUpdateList(): string[];
  getAfterUpdateList(): string[];
  getOnErrorList(): string[];
}

interface RegisterResponse {
  getUrn(): string;
}

/** Output of a command; a password differs from everything else. */
function outputsOf(type: string, name: string): Record<string, unknown> {
  const stdout = name.endsWith("-password") ? "made-by-the-command" : `output-of-${name}`;
  return type === "command:local:Command" ? { stdout } : {};
}

const mocks: pulumi.runtime.Mocks = {
  newResource: ({ type, name, inputs }) => ({
    id: `${name}-id`,
    state: { ...(inputs as Record<string, unknown>), ...outputsOf(type, name) },
  }),
  call: ({ token }) => {
    throw new Error(`the lab asks no provider for anything, but invoked ${token}`);
  },
};

function describe(request: RegisterRequest, urn: string): Registration {
  const raw = pulumi.runtime.deserializeProperties(request.getObject()) as Record<string, unknown>;
  return {
    type: request.getType(),
    name: request.getName(),
    urn,
    parent: request.getParent(),
    provider: request.getProvider().split("::").slice(0, -1).join("::"),
    inputs: Object.fromEntries(
      Object.entries(raw).map(([key, value]) => [key, pulumi.runtime.unwrapRpcSecret(value) as unknown]),
    ),
    secretInputs: Object.keys(raw).filter((key) => pulumi.runtime.isRpcSecret(raw[key])),
    secretOutputs: request.getAdditionalsecretoutputsList(),
    dependencies: request.getDependenciesList(),
    deletedWith: request.getDeletedwith(),
    deleteBeforeReplace: request.getDeletebeforereplace(),
    replaceOnChanges: request.getReplaceonchangesList(),
    replaceWith: request.getReplaceWithList(),
    ignoreChanges: request.getIgnorechangesList(),
    retainOnDelete: request.getRetainondelete() ?? false,
    hooks: momentsOf(request.getHooks()),
    errorHooks: request.getHooks()?.getOnErrorList() ?? [],
  };
}

function momentsOf(hooks: HooksBinding | undefined): string[] {
  return Object.entries({
    beforeCreate: hooks?.getBeforeCreateList(),
    afterCreate: hooks?.getAfterCreateList(),
    beforeUpdate: hooks?.getBeforeUpdateList(),
    afterUpdate: hooks?.getAfterUpdateList(),
  }).flatMap(([moment, names]) => (names ?? []).map(() => moment));
}

/** Runs a part of a program; returns its result and all registered resources. */
export async function record<T>(program: () => T): Promise<{ made: T; registrations: readonly Registration[] }> {
  await pulumi.runtime.setMocks(mocks, "observability-lab", "test");
  const registrations = watch(pulumi.runtime.getMonitor() as unknown as MockMonitor);
  // Pulumi takes a stack trace of every promise, and jest maps each frame, which takes three quarters of the time
  const depth = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    const made = program();
    // returns when every registration is answered, including those inside outputs
    await pulumi.runtime.disconnect();
    return { made, registrations };
  } finally {
    Error.stackTraceLimit = depth;
  }
}

/** Records the registrations in Pulumi's mock, as Mocks do not receive the options; makes it accept hooks. */
function watch(monitor: MockMonitor): readonly Registration[] {
  const registrations: Registration[] = [];
  const takeHook = (_request: unknown, callback: (error: null, response: object) => void): void => {
    callback(null, {});
  };
  const register = monitor.registerResource.bind(monitor);
  Object.assign(monitor, {
    registerResource: (request: RegisterRequest, callback: (error: unknown, response?: RegisterResponse) => void) =>
      register(request, (error: unknown, response?: RegisterResponse) => {
        if (response !== undefined) {
          registrations.push(describe(request, response.getUrn()));
        }
        callback(error, response);
      }),
    registerErrorHook: takeHook,
    registerResourceHook: takeHook,
  });
  return registrations;
}

/** The resource with that name and a provider's type; components have the same name as their container. */
export function resource(registrations: readonly Registration[], name: string): Registration {
  const found = registrations.filter((it) => it.name === name && !it.type.startsWith("observability-lab:"));
  if (found.length !== 1 || found[0] === undefined) {
    throw new Error(`${String(found.length)} resources are named ${name}`);
  }
  return found[0];
}

/** Every resource of a type. */
export function resourcesOf(registrations: readonly Registration[], type: string): readonly Registration[] {
  return registrations.filter((it) => it.type === type);
}

/** Names of the resources behind URNs. */
export function namesOf(urns: readonly string[]): string[] {
  return urns.map((urn) => urn.split("::").pop() ?? "").sort();
}

/** Value of an output, and whether it is a secret. */
export async function settled<T>(output: pulumi.Output<T>): Promise<{ value: T; secret: boolean }> {
  const value = await new Promise<T>((resolve) => {
    output.apply(resolve);
  });
  return { value, secret: await pulumi.isSecret(output) };
}
