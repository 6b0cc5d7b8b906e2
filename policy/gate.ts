import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { foreignPlugin } from "./origin";
import { type Context, Hidden, type Resource, type ResourceId, STACK, unwrap } from "./resource";
import { refuse, violationsOf } from "./violations";

/** What no lab asks of the engine: plugins that run at once, resources of others, and changes to what was judged. */
const REFUSED = [
  "invoke",
  "call",
  "readResource",
  "existsResource",
  "registerPackage",
  "registerStackTransform",
  "registerStackInvokeTransform",
] as const;

type Answer = (error: unknown, response?: { readonly getUrn: () => string }) => void;

/**
 * Judges every resource as it is sent to the engine, after all that a program may do to one on the way: of what is known
 * only once another resource is there, and of what came about after the program had declared it.
 */
export function guardEngine(context: Context): void {
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) {
    throw new Error("the rules of policy/ found no engine to stand before");
  }
  const types = new Map<string, string>();
  const send = monitor.registerResource.bind(monitor) as (request: RegisterResourceRequest, answer: Answer) => unknown;
  const refused = REFUSED.map((method) => [
    method,
    () => {
      endProgram(() => {
        refuse([
          `resources-known: the program asks the engine for ${method}, which no lab does, and no rule sees what comes of ` +
            "it. Declare a resource of policy/properties.ts instead.",
        ]);
      });
    },
  ]);
  Object.assign(monitor, Object.fromEntries(refused), {
    registerResource: (request: RegisterResourceRequest, answer: Answer) => {
      const above = types.get(request.getParent());
      const qualified = above === undefined ? request.getType() : `${above}$${request.getType()}`;
      endProgram(() => {
        refuse([...sentWith(request), ...violationsOf(asSent(request, qualified), context)]);
      });
      return send(request, (error, response) => {
        // a URN has no stack among the parents
        if (response !== undefined && request.getType() !== STACK) {
          types.set(response.getUrn(), qualified);
        }
        answer(error, response);
      });
    },
  });
}

/** What is wrong with the way in which a resource is sent. */
function sentWith(request: RegisterResourceRequest): readonly string[] {
  const name = request.getName();
  return [
    ...foreignPlugin({
      type: request.getType(),
      name,
      custom: request.getCustom(),
      remote: request.getRemote(),
      version: request.getVersion(),
      pluginDownloadURL: request.getPlugindownloadurl(),
      packageRef: request.getPackageref(),
    }),
    ...(request.getTransformsList().length === 0 ? [] : [transformed(name)]),
    ...(request.getStateMigrationsList().length === 0 ? [] : [migrated(name)]),
  ].map((it) => `resources-known: ${it}`);
}

/** What is said of a resource that the engine would have changed after it was judged. */
export function transformed(name: string): string {
  return `${name} has transforms, which change it after the rules have seen it. Change it where it is declared.`;
}

/** What is said of a resource whose record in the state the program would write. */
function migrated(name: string): string {
  return `${name} has state migrations, by which a program writes the state that a preview compares with. Leave them out.`;
}

function asSent(request: RegisterResourceRequest, qualified: string): Resource {
  const [type, name] = [request.getType(), request.getName()];
  const urn = `urn:pulumi:stack::project::${qualified}::${name}`;
  return serialized({ type, name, urn }, request.getObject()?.toJavaScript() ?? {});
}

/** A resource as a rule is shown it, from what the SDK makes of its properties for the engine. */
export function serialized({ type, name, urn }: ResourceId, values: object): Resource {
  const marked = replaced(values, (value) =>
    pulumi.runtime.isRpcSecret(value) ? { value: new Hidden(pulumi.runtime.unwrapRpcSecret(value)) } : undefined,
  ) as Resource["marked"];
  return { type, name, urn, marked, props: unwrap(marked) as Resource["props"] };
}

/** Ends the program while the engine works: an error alone would leave it waiting for what depends on the resource. */
export function endProgram(judge: () => void): void {
  try {
    judge();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}

/** A value with others in the place of some that are in it. */
export function replaced(value: unknown, by: (value: unknown) => { readonly value: unknown } | undefined): unknown {
  const other = by(value);
  if (other !== undefined) {
    return other.value;
  }
  if (Array.isArray(value)) {
    return value.map((it) => replaced(it, by));
  }
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value).map(([key, it]) => [key, replaced(it, by)]))
    : value;
}
