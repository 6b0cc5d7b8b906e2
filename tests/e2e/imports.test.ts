import * as fs from "node:fs";
import * as path from "node:path";
import { unboundDatasources } from "../../tools/verify/dashboards";
import { StoredDashboard } from "../../tools/verify/panels/model";
import { configure, createTestLab, eventually, previewChanges, removeTestLab, TestLab } from "../support/harness";
import { EXPORTS } from "./exports";

jest.setTimeout(300_000);

interface Query {
  readonly refId: string;
  readonly expr?: string;
  readonly datasource?: unknown;
}

interface Panel {
  readonly title: string;
  readonly datasource?: unknown;
  readonly targets?: readonly Query[];
  readonly panels?: readonly Panel[];
}

/** A dashboard as Grafana stores it. */
interface Stored extends Omit<StoredDashboard, "panels"> {
  readonly uid: string;
  readonly panels: readonly Panel[];
  readonly annotations?: { readonly list?: readonly { readonly expr?: string; readonly datasource?: unknown }[] };
}

/** The export that the last test changes. */
const FOREIGN = EXPORTS.findIndex(({ trap }) => trap === "a datasource of another Grafana");

let lab: TestLab;
let password: string;

beforeAll(async () => {
  lab = await createTestLab("imports-", "172.30.97.0/24");
  EXPORTS.forEach((_, index) => {
    writeExport(index);
  });
  configure(lab, {
    dashboardCatalogue: catalogue(),
    communityDashboards: EXPORTS.map((_, index) => ({ id: index + 1, revision: 1 })),
  });
  await lab.stack.up();
  password = (await lab.stack.outputs()).grafanaAdminPassword?.value as string;
});

afterAll(async () => {
  await removeTestLab(lab);
});

function catalogue(): string {
  return path.join(lab.folder, "catalogue");
}

/** Puts an export into the catalogue, with these fields instead of its own. */
function writeExport(index: number, changes: object = {}): void {
  fs.mkdirSync(catalogue(), { recursive: true });
  const { trap, exported } = EXPORTS[index] ?? { trap: "", exported: {} };
  const whole = { uid: `trap-${String(index + 1)}`, title: trap, schemaVersion: 38, ...exported, ...changes };
  fs.writeFileSync(path.join(catalogue(), `${String(index + 1)}_rev1.json`), JSON.stringify(whole));
}

async function grafana<T>(address: string, body?: object): Promise<T> {
  const credentials = Buffer.from(`admin:${password}`).toString("base64");
  const response = await fetch(`http://127.0.0.1:${String(lab.ports.grafanaPort)}${address}`, {
    headers: { authorization: `Basic ${credentials}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  if (!response.ok) {
    throw new Error(`${address} returned ${String(response.status)}: ${await response.text()}`);
  }
  return (await response.json()) as T;
}

async function storedDashboard(index: number): Promise<Stored> {
  const { uid } = EXPORTS[index]?.exported ?? {};
  const name = uid === undefined ? "trap" : "community";
  return (await grafana<{ dashboard: Stored }>(`/api/dashboards/uid/${name}-${String(index + 1)}`)).dashboard;
}

/** Everything in the dashboard that asks a datasource, each with what asks together with it. */
function queriesOf(dashboard: Stored): Query[][] {
  const ofPanel = ({ datasource, targets = [], panels = [] }: Panel): Query[][] => [
    ...(targets.length === 0
      ? []
      : [targets.map((target) => ({ ...target, datasource: target.datasource ?? datasource }))]),
    ...panels.flatMap(ofPanel),
  ];
  const others = [...(dashboard.annotations?.list ?? []), ...(dashboard.templating?.list ?? [])] as Partial<Query>[];
  const asking = others.filter(
    ({ datasource }) => datasource !== undefined && !JSON.stringify(datasource).includes("--"),
  );
  return [
    ...dashboard.panels.flatMap(ofPanel),
    ...asking.map(({ expr = "up", datasource }) => [{ refId: "A", expr, datasource }]),
  ];
}

/** The reference with its variable's value, as Grafana's page sends it. */
function resolve({ templating }: Stored, reference: unknown): unknown {
  const uid = String(typeof reference === "object" ? (reference as { uid?: unknown } | null)?.uid : reference);
  const variable = (templating?.list ?? []).find(({ name }) => [`$${name}`, `\${${name}}`].includes(uid));
  return variable === undefined ? reference : { type: "prometheus", uid: variable.current?.value };
}

/** Number of values that Grafana gets for each query. */
async function values(dashboard: Stored, queries: readonly Query[]): Promise<number[]> {
  const { results } = await grafana<{ results: Record<string, { frames?: { data?: { values?: unknown[][] } }[] }> }>(
    "/api/ds/query",
    {
      from: "now-5m",
      to: "now",
      queries: queries.map((query) => ({
        ...query,
        datasource: resolve(dashboard, query.datasource),
        intervalMs: 5000,
        maxDataPoints: 100,
      })),
    },
  );
  return queries.map(({ refId }) =>
    (results[refId]?.frames ?? []).reduce((sum, { data }) => sum + (data?.values?.[0]?.length ?? 0), 0),
  );
}

describe("an import of", () => {
  it.each(EXPORTS.map(({ trap }, index) => [trap, index] as const))(
    "%s uses the lab's datasource and shows data",
    async (_, index) => {
      const dashboard = await storedDashboard(index);
      const datasources = await grafana<{ uid: string }[]>("/api/datasources");
      expect(unboundDatasources(dashboard, new Set(datasources.map(({ uid }) => uid)))).toEqual([]);
      expect(JSON.stringify(dashboard)).not.toMatch(/__inputs|__elements|libraryPanel|DS_|VAR_|abc123|prod-/);
      const queries = queriesOf(dashboard);
      expect(queries).not.toEqual([]);
      for (const together of queries) {
        // the first scrape may still be to come
        await eventually(async () =>
          (await values(dashboard, together)).every((count) => count > 0) ? true : undefined,
        );
      }
    },
  );

  it("all of them imports each beside the others", async () => {
    const found = await grafana<{ uid: string }[]>("/api/search?type=dash-db");
    const own = found.filter(({ uid }) => !/^(trap|community)-/.test(uid));
    expect(found.length - own.length).toBe(EXPORTS.length);
  });

  it("all of them leaves nothing to change for the next preview", async () => {
    expect(await previewChanges(lab, { refresh: true })).toEqual({});
  });

  it("a changed panel shows the change in a preview, and not one long text", async () => {
    const [first] = EXPORTS[FOREIGN]?.exported.panels as [object];
    writeExport(FOREIGN, { panels: [{ ...first, title: "Changed" }] });
    const { stdout } = await lab.stack.preview({ diff: true, color: "never" });
    expect(stdout).toMatch(/configJson: \(json\) \{/);
    expect(stdout).toMatch(/~ title *: "Up" => "Changed"/);
  });
});
