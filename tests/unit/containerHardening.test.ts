import { buildLab } from "../support/fixtures";
import { Registration, resource, resourcesOf } from "../support/mocks";

/** What the tests read of a volume or a mount. */
interface Mount {
  readonly hostPath?: string;
  readonly source?: string;
  readonly readOnly?: boolean;
}

let registrations: readonly Registration[];
let containers: readonly Registration[];

beforeAll(async () => {
  ({ registrations } = await buildLab());
  containers = resourcesOf(registrations, "docker:index/container:Container");
});

it("Prometheus' admin API and its remote control are off", () => {
  const { command } = resource(registrations, "prometheus-container").inputs;
  expect((command as string[]).filter((flag) => /--web\.enable|--enable-feature/.test(flag))).toStrictEqual([]);
});

describe("every container", () => {
  it("is deleted before it is replaced, also for another health check, and shows its log when it fails", () => {
    for (const { name, deleteBeforeReplace, replaceOnChanges, errorHooks } of containers) {
      expect({ deleteBeforeReplace, replaceOnChanges, errorHooks }).toStrictEqual({
        deleteBeforeReplace: true,
        replaceOnChanges: ["healthcheck"],
        errorHooks: [name.replace(/-container$/, "-log")],
      });
    }
  });

  it("is unprivileged and can write neither its root nor any path of the host", () => {
    for (const { inputs } of containers) {
      expect(inputs).not.toHaveProperty("privileged");
      expect(inputs.readOnly).toBe(true);
      const mounts = [...(inputs.volumes as Mount[]), ...((inputs.mounts ?? []) as Mount[])];
      expect(mounts.filter((it) => (it.hostPath ?? it.source) !== undefined && it.readOnly !== true)).toStrictEqual([]);
    }
  });

  it("cannot reach Docker's sockets, except for cadvisor", () => {
    const withSocket = containers.filter(({ inputs }) =>
      [...(inputs.volumes as Mount[]), ...((inputs.mounts ?? []) as Mount[])].some((it) =>
        (it.hostPath ?? it.source)?.endsWith(".sock"),
      ),
    );
    expect(withSocket.map(({ name }) => name)).toStrictEqual(["cadvisor-container"]);
  });

  it("shows no secret to anybody who inspects it", () => {
    for (const { secretInputs } of containers) {
      expect(secretInputs).toStrictEqual([]);
    }
  });
});
