import * as pulumi from "@pulumi/pulumi";
import { LabError } from "../components/faults";
import { COMMANDS } from "./commands";
import { CONTAINERS, SERVICES } from "./containers";
import { type Context, Hidden, PENDING, type Resource, type Subject, unwrap } from "./resource";
import { RULES } from "./rules";

/** What an engine that asks the rules itself, as a policy pack, is handed: then the program does not ask them. */
const ASKED_BY_ENGINE = "pack";

/** Properties of a container or a command that may be known only once another resource is there. */
const LATE =
  /^(volumes\.\d+\.volumeName|labels\.\d+\.value|networksAdvanced\.\d+\.name|taskSpec\.networksAdvanceds\.\d+\.id|environment\.\w+|triggers\b.*)$/;

interface Declared extends Subject {
  readonly props: Readonly<Record<string, unknown>>;
}

/**
 * Declares resources, and asks the rules about all of them before the engine hears of any; about a property that is
 * known only once another resource is there, before the engine hears of its own.
 *
 * @throws LabError that names every violation; nothing was changed.
 */
export function declareWithRules<T>(context: Context, declare: () => T): T {
  if (process.env.LAB_RULES === ASKED_BY_ENGINE) {
    return declare();
  }
  const declared: Declared[] = [];
  const types = new Map<pulumi.Resource, string>();
  let open: () => void = () => undefined;
  const asked = new Promise<void>((resolve) => {
    open = resolve;
  });
  pulumi.runtime.registerStackTransformation(({ resource, type, name, props, opts }) => {
    const above = opts.parent === undefined ? undefined : types.get(opts.parent);
    const qualified = above === undefined ? type : `${above}$${type}`;
    types.set(resource, qualified);
    const it: Declared = {
      type,
      name,
      urn: `urn:pulumi:stack::project::${qualified}::${name}`,
      props,
    };
    declared.push(it);
    // the engine hears of a resource once what it depends on is there: here, that the rules hold
    const allowed = asked.then(async (): Promise<pulumi.Resource[]> => {
      if (!readAtOnce.has(it)) {
        await resolved(it)
          .then((known) => {
            refuse(violationsOf(known, context));
          })
          .catch(endProgram);
      }
      return [];
    });
    return { props, opts: { ...opts, dependsOn: [opts.dependsOn ?? [], allowed] as unknown as pulumi.Resource[] } };
  });
  const made = declare();
  // what is declared later is read by itself, as `asked` is kept then
  const readAtOnce = new Set(declared.filter(({ props }) => placesOf(props, isLate).length === 0));
  refuse(declared.flatMap((it) => atOnce(it, context)));
  open();
  return made;
}

/** Ends the program while the engine works: an error alone would leave it waiting for what depends on the resource. */
function endProgram(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

/** The violations that are seen without any output. */
function atOnce(it: Declared, context: Context): readonly string[] {
  const places = placesOf(it.props, isLate);
  const unread = [...CONTAINERS, ...SERVICES, ...COMMANDS].includes(it.type) && !places.every((at) => LATE.test(at));
  const marked = replaced(it.props, (value) => (isLate(value) ? { value: PENDING } : undefined)) as Resource["marked"];
  return unread ? [] : violationsOf({ ...it, marked, props: marked }, context);
}

function violationsOf(resource: Resource, context: Context): readonly string[] {
  return RULES.flatMap(({ name, checks }) =>
    checks.flatMap((check) => check(resource, context)).map((violation) => `${name}: ${violation}`),
  );
}

function refuse(violations: readonly string[]): void {
  if (violations.length > 0) {
    const count =
      violations.length === 1 ? "1 rule of policy/ does" : `${String(violations.length)} rules of policy/ do`;
    throw new LabError([`${count} not hold:`, ...violations.map((it) => `  - ${it}`)].join("\n"));
  }
}

/** A resource as it is once all that it names is known. */
async function resolved(it: Declared): Promise<Resource> {
  const values = (await pulumi.runtime.serializeProperties(it.name, it.props)) as Readonly<Record<string, unknown>>;
  const marked = replaced(values, (value) =>
    pulumi.runtime.isRpcSecret(value) ? { value: new Hidden(pulumi.runtime.unwrapRpcSecret(value)) } : undefined,
  ) as Resource["marked"];
  return { ...it, marked, props: unwrap(marked) as Resource["props"] };
}

function isLate(value: unknown): boolean {
  return pulumi.Output.isInstance(value) || value instanceof Promise;
}

/** The ways to every value of which something is true. */
function placesOf(value: unknown, is: (value: unknown) => boolean, place: readonly string[] = []): string[] {
  if (is(value)) {
    return [place.join(".")];
  }
  return typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([key, it]) => placesOf(it, is, [...place, key]))
    : [];
}

/** A value with others in the place of some that are in it. */
function replaced(value: unknown, by: (value: unknown) => { readonly value: unknown } | undefined): unknown {
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
