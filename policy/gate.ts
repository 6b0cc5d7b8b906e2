import * as pulumi from "@pulumi/pulumi";
import type { RegisterResourceRequest } from "@pulumi/pulumi/proto/resource_pb";
import { checkPlugin } from "./origin";
import { type PolicyContext, Hidden, replaced, type Resource, type ResourceId, STACK, unwrap } from "./resource";
import { throwViolations, violationsOf } from "./violations";

/** Rejected calls to the Pulumi engine: plugins that run at once, foreign resources, changes to checked resources. */
const REFUSED = [
  "invoke",
  "call",
  "readResource",
  "existsResource",
  "registerPackage",
  "registerStackTransform",
  "registerStackInvokeTransform",
] as const;

type Callback = (error: unknown, response?: { readonly getUrn: () => string }) => void;

/**
 * Checks every resource as it is sent to the Pulumi engine, after everything a program may do to it before: with values
 * that are known only once another resource exists, and with changes made after its declaration.
 */
export function checkRequests(context: PolicyContext): void {
  const monitor = pulumi.runtime.getMonitor();
  if (monitor === undefined) {
    throw new Error("the policies need the Pulumi engine, which is not connected");
  }
  const types = new Map<string, string>();
  const send = monitor.registerResource.bind(monitor) as (
    request: RegisterResourceRequest,
    callback: Callback,
  ) => unknown;
  const refused = REFUSED.map((method) => [
    method,
    () => {
      endProgramOnError(() => {
        throwViolations([
          `resources-known: the program calls ${method} of the Pulumi engine, which no policy can check. ` +
            "Declare a resource of a type in policy/properties.ts instead.",
        ]);
      });
    },
  ]);
  Object.assign(monitor, Object.fromEntries(refused), {
    registerResource: (request: RegisterResourceRequest, callback: Callback) => {
      const above = types.get(request.getParent());
      const qualified = above === undefined ? request.getType() : `${above}$${request.getType()}`;
      endProgramOnError(() => {
        throwViolations([...sentWith(request), ...violationsOf(asSent(request, qualified), context)]);
      });
      return send(request, (error, response) => {
        // a URN has no stack among the parents
        if (response !== undefined && request.getType() !== STACK) {
          types.set(response.getUrn(), qualified);
        }
        callback(error, response);
      });
    },
  });
}

/** Violations in the request for a resource. */
function sentWith(request: RegisterResourceRequest): readonly string[] {
  const name = request.getName();
  return [
    ...checkPlugin({
      type: request.getType(),
      name,
      custom: request.getCustom(),
      remote: request.getRemote(),
      version: request.getVersion(),
      pluginDownloadURL: request.getPlugindownloadurl(),
      packageRef: request.getPackageref(),
    }),
    ...(request.getTransformsList().length === 0 ? [] : [transformed(name)]),
    ...(request.getImportid() === "" ? [] : [imported(name)]),
    ...(request.getStateMigrationsList().length === 0 ? [] : [migrated(name)]),
  ].map((it) => `resources-known: ${it}`);
}

/** Violation for a resource that the Pulumi engine would change after the check. */
export function transformed(name: string): string {
  return `${name} has transforms, which change it after the policies have checked it. Change it where it is declared.`;
}

/** Violation for a resource whose record in the state the program would write. */
function migrated(name: string): string {
  return `${name} has state migrations, which change the state that a preview compares with. Remove them.`;
}

/** Violation for a resource that the lab did not create, whose properties a program can keep with `ignoreChanges`. */
function imported(name: string): string {
  return `${name} imports an existing resource, whose properties no policy has checked. Let the lab create it.`;
}

function asSent(request: RegisterResourceRequest, qualified: string): Resource {
  const [type, name] = [request.getType(), request.getName()];
  const urn = `urn:pulumi:stack::project::${qualified}::${name}`;
  return serialized({ type, name, urn }, request.getObject()?.toJavaScript() ?? {});
}

/** A resource in the form that policies check, from the properties that the SDK serialized for the engine. */
export function serialized({ type, name, urn }: ResourceId, values: object): Resource {
  const marked = replaced(values, (value) =>
    pulumi.runtime.isRpcSecret(value) ? { value: new Hidden(pulumi.runtime.unwrapRpcSecret(value)) } : undefined,
  ) as Resource["marked"];
  return { type, name, urn, marked, props: unwrap(marked) as Resource["props"] };
}

/** Ends the program: after an error alone it would keep waiting for resources that depend on this one. */
export function endProgramOnError(check: () => void): void {
  try {
    check();
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error));
    process.exit(1);
  }
}
