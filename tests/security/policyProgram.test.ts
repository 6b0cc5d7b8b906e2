import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { setTimeout } from "node:timers/promises";
import { declareWithPolicies } from "../../policy/program";
import { context } from "../support/policies";

const LAB = "observability-lab:components:Lab";
const NAME = "observability-lab-grafana";
const FOREIGN = { version: "9.9.9", pluginDownloadURL: "http://evil.example" };

/** A component, and what is in it. */
class Part extends pulumi.ComponentResource {
  /** Ends once what is in it was made. */
  readonly done: Promise<unknown>;

  constructor(
    content: (parent: pulumi.ComponentResourceOptions) => unknown,
    options?: pulumi.ComponentResourceOptions,
  ) {
    super(LAB, "lab", {}, options);
    const made = content({ parent: this });
    this.done = new Promise((resolve) => {
      if (made instanceof pulumi.Resource) {
        made.urn.apply(resolve);
      }
    });
    this.registerOutputs({});
  }
}

/** A component that a plugin makes. */
class Remote extends pulumi.ComponentResource {
  constructor(options: pulumi.ComponentResourceOptions) {
    super("observability-lab:evil:Thing", "evil", {}, options, true);
  }
}

/** A resource of any type. */
class Raw extends pulumi.CustomResource {}

const openVolume: pulumi.ResourceTransformation = ({ type, props, opts }) =>
  type === "docker:index/volume:Volume"
    ? { props: { ...(props as object), driverOpts: { type: "none", o: "bind", device: "/" } }, opts }
    : undefined;

/** The printed errors, and which resources the engine had heard of by then, or once it has heard of the volume. */
async function attempt(
  content: (parent: pulumi.ComponentResourceOptions) => unknown,
): Promise<{ output: string; sent: readonly string[] }> {
  const sent: string[] = [];
  await pulumi.runtime.setMocks({
    newResource: ({ name, inputs }) => {
      sent.push(name);
      return { id: name, state: inputs as object };
    },
    call: () => ({}),
  });
  const printed = jest.spyOn(console, "error").mockImplementation(() => undefined);
  try {
    return await new Promise((resolve) => {
      const end = (output: string): void => {
        resolve({ output, sent: [...sent] });
      };
      jest.spyOn(process, "exit").mockImplementation(() => {
        end(printed.mock.calls.flat().join("\n"));
        return undefined as never;
      });
      void pulumi.runtime.runInPulumiStack(() => {
        try {
          const lab = declareWithPolicies(context(), () => new Part(content));
          void lab.done.then(() => {
            end("");
          });
        } catch (error) {
          end(String(error));
        }
        return Promise.resolve();
      });
    });
  } finally {
    // here the program goes on, and is ended again by what it sends then
    await setTimeout(100);
    jest.restoreAllMocks();
  }
}

describe("a program whose resources are the lab's", () => {
  it("has them made", async () => {
    const { output, sent } = await attempt((parent) => new docker.Volume("grafana-data", { name: NAME }, parent));
    expect(output).toBe("");
    expect(sent).toEqual(expect.arrayContaining(["lab", "grafana-data"]));
  });
});

describe("a program that bypasses the first check of the policies", () => {
  it.each<[string, (parent: pulumi.ComponentResourceOptions) => unknown, string]>([
    [
      "by a transformation that comes later",
      (parent) => {
        pulumi.runtime.registerStackTransformation(openVolume);
        new docker.Volume("grafana-data", { name: NAME }, parent);
      },
      "the stack has transforms",
    ],
    [
      "by a transformation of a resource",
      (parent) => new docker.Volume("grafana-data", { name: NAME }, { ...parent, transformations: [openVolume] }),
      "driverOpts or its value is not allowed",
    ],
    [
      "by a transform of a resource, which the engine asks",
      (parent) => new docker.Volume("grafana-data", { name: NAME }, { ...parent, transforms: [() => undefined] }),
      "grafana-data has transforms",
    ],
    [
      "by a migration of the state, which the engine asks",
      (parent) => new docker.Volume("grafana-data", { name: NAME }, { ...parent, stateMigrations: [() => undefined] }),
      "grafana-data has state migrations",
    ],
    [
      "by a resource that it imports and then leaves as it is",
      (parent) =>
        new docker.Volume(
          "grafana-data",
          { name: NAME },
          { ...parent, import: "another", ignoreChanges: ["driverOpts"] },
        ),
      "grafana-data imports an existing resource",
    ],
    [
      "by a value that only an output brings",
      (parent) =>
        new docker.Volume(
          "grafana-data",
          { name: pulumi.output(Promise.resolve("other-observability-lab-x")) },
          parent,
        ),
      "name or its value is not allowed",
    ],
    [
      "by a component that a plugin makes",
      (parent) => new Raw("observability-lab:evil:Thing", "evil", {}, { ...parent, ...FOREIGN }),
      "evil (observability-lab:evil:Thing) is created by a plugin",
    ],
    [
      "by a remote component",
      (parent) => new Remote(parent),
      "evil (observability-lab:evil:Thing) is created by a plugin",
    ],
    [
      "by another version of a plugin",
      (parent) => new docker.Volume("grafana-data", { name: NAME }, { ...parent, version: "9.9.9" }),
      'requests version "9.9.9" of its plugin',
    ],
    [
      "by a plugin from elsewhere",
      (parent) =>
        new docker.Volume("grafana-data", { name: NAME }, { ...parent, pluginDownloadURL: FOREIGN.pluginDownloadURL }),
      'downloads its plugin from "http://evil.example"',
    ],
    [
      "by a provider from elsewhere",
      (parent) => new docker.Provider("evil", {}, { ...parent, ...FOREIGN }),
      'downloads its plugin from "http://evil.example"',
    ],
    [
      "by a plugin that is registered besides",
      (parent) =>
        new Raw("docker:index/volume:Volume", "evil", { name: NAME }, { ...parent }, false, Promise.resolve("package")),
      "evil (docker:index/volume:Volume) requests",
    ],
    [
      "by a question to a plugin",
      () => void pulumi.runtime.invoke("evil:index:run", {}, FOREIGN).catch(() => undefined),
      "calls invoke of the Pulumi engine",
    ],
    [
      "by a question whether something exists",
      () => void pulumi.runtime.existsResource("evil:index:Thing", "evil", {}, FOREIGN),
      "calls existsResource of the Pulumi engine",
    ],
  ])("is refused: %s", async (_, content, message) => {
    const { output, sent } = await attempt(content);
    expect(output).toContain(message);
    expect(sent).not.toContain("grafana-data");
    expect(sent).not.toContain("evil");
  });

  it("is refused: by a configuration of the default provider, which the Pulumi engine creates", async () => {
    pulumi.runtime.setAllConfig({ "docker:host": "tcp://evil.example:2375", "observability-lab:subnet": "any" });
    const { output, sent } = await attempt((parent) => new docker.Volume("grafana-data", { name: NAME }, parent));
    pulumi.runtime.setAllConfig({});
    expect(output).toContain("resources-known: the stack configures a provider by docker:host, which no policy checks");
    expect([output.includes("subnet"), sent]).toEqual([false, expect.not.arrayContaining(["grafana-data"])]);
  });
});
