import { ensureKey, keyFingerprint } from "../../lib/docker/grafanaKey";
import { Machine } from "../../lib/docker/machine";
import * as temporary from "../../lib/docker/temporaryContainer";
import { checkGrafanaKey } from "../../tools/doctor/grafanaKey";
import { LINUX, settingsWith } from "../support/fixtures";
import { listed } from "../support/observedLabs";
import { Responses, serveDocker, TestServer } from "../support/servers";

const LAB = { "observability-lab.lab": "observability-lab" };
const GENERATED = { ...LAB, "observability-lab.grafana-key": "generated" };
const WELL_KNOWN = "SW2YcwTIb9zpOOhoPsMm";
const [DATA, KEY] = ["observability-lab-grafana", "observability-lab-grafana-key"] as const;
const settings = settingsWith();

let engine: TestServer | undefined;

afterEach(async () => {
  jest.restoreAllMocks();
  await engine?.close();
  engine = undefined;
});

function volumes(found: Readonly<Record<string, object | null>>): Responses {
  return Object.fromEntries(
    Object.entries(found).map(([name, Labels]) => [`/volumes/${name}`, { body: JSON.stringify({ Labels }) }]),
  );
}

/** Lets the folder of every container hold this key. */
function holdKey(key: string | undefined): void {
  const files = new Map(key === undefined ? [] : [["secret_key", key]]);
  jest.spyOn(temporary, "getFiles").mockResolvedValue({ files, unreadable: [] });
}

describe("the key of Grafana's data", () => {
  /** What is written as the key where the data volume has these labels, or is missing, and this key is there. */
  async function written(labels: object | null | undefined, key?: string): Promise<string | undefined> {
    engine = await serveDocker({
      ...volumes(labels === undefined ? {} : { [DATA]: labels }),
      [`/images/${settings.grafana.image}/json`]: { body: "{}" },
      "POST /volumes/create": { status: 201, body: "{}" },
    });
    holdKey(key);
    const put = jest.spyOn(temporary, "putFiles").mockResolvedValue();
    const run = jest
      .spyOn(temporary, "withTemporaryContainer")
      .mockImplementation(async (_container, task) => task("c1"));
    await ensureKey(settings);
    expect(run.mock.calls[0]?.[0]).toMatchObject({ image: settings.grafana.image, volume: KEY });
    expect(engine.requests.filter(({ method }) => method === "POST").map(({ body }) => body)).toStrictEqual([
      { Name: KEY, Labels: LAB },
    ]);
    return put.mock.calls[0]?.[1].get("secret_key");
  }

  it.each([[undefined], ["of earlier data"]])("is a new one of 256 bits for new data, with %j", async (key) => {
    const first = await written(undefined, key);
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    jest.restoreAllMocks();
    await engine?.close();
    expect(await written(undefined, key)).not.toBe(first);
  });

  it.each([
    ["of this lab", GENERATED],
    ["of before labs had keys", LAB],
    ["of Docker's own making", null],
  ])("stays with data %s", async (_, labels) => {
    expect(await written(labels, "its key\n")).toBeUndefined();
  });

  it.each([
    ["before labs had keys", LAB],
    ["Docker's own making", null],
  ])("is Grafana's well-known one for data of %s", async (_, labels) => {
    expect(await written(labels)).toBe(WELL_KNOWN);
  });

  it.each([[undefined], [""], ["\n"]])("is a new one if the lab's key is lost: %j", async (key) => {
    expect(await written(GENERATED, key)).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is not guessed if Docker does not report the owner of the data", async () => {
    engine = await serveDocker({ [`/volumes/${DATA}`]: { status: 500, body: "broken" } });
    await expect(ensureKey(settings)).rejects.toThrow(`Docker returned 500 for the volume ${DATA}: broken`);
  });
});

describe("doctor, given that key,", () => {
  const RUNNING: Partial<Machine> = { containers: [listed("grafana", { Labels: LAB })] };
  const find = async (
    found: Readonly<Record<string, object | null>>,
    machine: Partial<Machine> = {},
  ): Promise<string> => {
    engine = await serveDocker(volumes(found));
    const { state, seen, fix } = await checkGrafanaKey(settings, { ...LINUX, ...machine });
    return [state, seen, ...(fix === undefined ? [] : [fix])].join(": ");
  };
  const WARNING =
    "warning: Grafana's data is encrypted with Grafana's default key: anyone with a backup can read the datasource " +
    "passwords: run make up, then make grafana-key, and save the passwords that it names again";

  it("names the lab's own without revealing it", async () => {
    holdKey("a key\n");
    const seen = await find({}, RUNNING);
    expect(seen).toBe(`ok: ${keyFingerprint("a key")}, the lab's own`);
  });

  it.each([
    ["of an earlier version", undefined],
    ["with data of one", WELL_KNOWN],
  ])("warns of a Grafana %s", async (_, key) => {
    holdKey(key);
    expect(await find({}, RUNNING)).toBe(WARNING);
  });

  it.each<[string, Readonly<Record<string, object | null>>]>([
    ["ok: a new lab generates its own key", {}],
    ["ok: a new lab generates its own key", { [KEY]: LAB }],
    ["skipped: Grafana's container does not exist", { [DATA]: GENERATED }],
    ["skipped: Grafana's container does not exist", { [DATA]: LAB, [KEY]: LAB }],
    [WARNING, { [DATA]: LAB }],
    [WARNING, { [DATA]: null }],
  ])("reports %s without a container", async (seen, found) => {
    expect(await find(found, { containers: [listed("grafana")] })).toBe(seen);
  });
});
