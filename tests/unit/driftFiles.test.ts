import { MISSING } from "../../lib/drift/drift";
import { describeFiles, filesDrift, RECORD } from "../../lib/drift/files";
import { loadedDrift } from "../../lib/drift/reloads";
import { serviceDrift } from "../../lib/drift/services";
import { swarmService } from "../support/observedLabs";

describe("the drift of a container's files", () => {
  const written = { "prometheus.yml": "global: {}", "host.rules.yml": "groups: []" };
  const record = describeFiles(new Map(Object.entries(written)));
  const owner = (files: Readonly<Record<string, string>>): { files: ReadonlyMap<string, string> } => ({
    files: new Map(Object.entries(files)),
  });

  it.each<[string, boolean, Parameters<typeof filesDrift>[1], string | undefined]>([
    ["is none of files as they were written", true, owner({ ...written, [RECORD]: record }), undefined],
    ["is that their volume is gone", false, undefined, MISSING],
    [
      "is that one has another content",
      true,
      owner({ ...written, "prometheus.yml": "global: {} ", [RECORD]: record }),
      "prometheus.yml was edited",
    ],
    ["is that there is one more", true, owner({ ...written, "x.yml": "", [RECORD]: record }), "x.yml was added"],
    [
      "is that one is missing",
      true,
      owner({ "prometheus.yml": "global: {}", [RECORD]: record }),
      "host.rules.yml was removed",
    ],
    ["is that nothing says what was written", true, owner(written), "their checksum record was lost"],
    [
      "is that what says it is damaged",
      true,
      owner({ ...written, [RECORD]: "null" }),
      "their checksum record was lost",
    ],
    ["or empty", true, owner({ ...written, [RECORD]: '{"sums":null}' }), "their checksum record was lost"],
    [
      "is that its program cannot read one",
      true,
      { ...owner({ ...written, [RECORD]: record }), unreadable: ["prometheus.yml"] },
      "prometheus.yml cannot be read by its program",
    ],
    ["is unknown without their owner, which has drifted itself", true, undefined, undefined],
    ["is unknown if Docker does not return them", true, { files: undefined }, undefined],
  ])("%s", (_, volume, found, expected) => {
    expect(filesDrift(volume, found)).toBe(expected);
  });
});

describe("the drift of the configuration that a program has loaded", () => {
  const BEFORE = 1.5e9;
  const found = { files: new Map([[RECORD, describeFiles(new Map(), BEFORE)]]) };

  it.each([
    [
      "is none of files that it has loaded since, whatever its clock says",
      { successful: true, at: BEFORE - 1 },
      undefined,
    ],
    [
      "is that it rejected them",
      { successful: false, at: BEFORE + 1 },
      "it rejected its files and kept the previous ones",
    ],
    ["is that it has not read them", { successful: true, at: BEFORE }, "it has not loaded its files"],
  ])("%s", (_, reload, expected) => {
    expect(loadedDrift(reload, found)).toBe(expected);
  });

  it("is unknown for files that nothing is known of", () => {
    expect(loadedDrift({ successful: true, at: 0 }, { files: undefined })).toBeUndefined();
    expect(loadedDrift({ successful: true, at: 0 }, { files: new Map() })).toBeUndefined();
    const first = new Map([[RECORD, describeFiles(new Map())]]);
    expect(loadedDrift({ successful: true, at: 0 }, { files: first })).toBeUndefined();
  });
});

describe("the drift of a Swarm service", () => {
  const after = (State?: string): string | undefined =>
    serviceDrift({ ...swarmService("cadvisor"), UpdateStatus: { ...(State === undefined ? {} : { State }) } });

  it.each([undefined, "updating", "completed"])("is absent after an update that is %s", (state) => {
    expect(after(state)).toBeUndefined();
  });

  it.each(["paused", "rollback_started", "rollback_paused", "rollback_completed"])(
    "is an update that ended as %s",
    (state) => {
      expect(after(state)).toBe(`Swarm did not complete its last update (${state})`);
    },
  );

  it("is reported if the service is missing", () => {
    expect(serviceDrift(undefined)).toBe(MISSING);
  });
});
