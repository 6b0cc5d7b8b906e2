import { Frame, GrafanaApi, QueryResult } from "../../tools/verify/panels/grafana";
import { Panel, StoredDashboard } from "../../tools/verify/panels/model";
import { PanelResult, proveDashboard } from "../../tools/verify/panels/panelResult";

/** A frame with these values. */
export const frame = (...values: (number | null)[]): Frame => ({
  schema: { fields: [{ type: "time" }, { type: "number" }] },
  data: { values: [values.map((_, index) => index), values] },
});

/** A query as the fake Grafana receives it. */
export interface Query {
  readonly refId: string;
  readonly expr?: string;
  readonly datasource: object;
}

/** Responses of a fake Grafana. */
export interface Fake {
  readonly dashboard: Partial<StoredDashboard>;
  readonly responses?: Readonly<Record<string, QueryResult>>;
  readonly prometheus?: (path: string, parameters: Record<string, string>) => unknown;
}

/** A fake Grafana, and the queries that it receives. */
export function fakeApi({ dashboard, responses = {}, prometheus }: Fake): { api: GrafanaApi; asked: Query[] } {
  const asked: Query[] = [];
  const source = { uid: "prom", name: "Prometheus", type: "prometheus", isDefault: true };
  const api: GrafanaApi = {
    dashboard: () => Promise.resolve({ uid: "u", title: "Any", ...dashboard }),
    datasources: () => Promise.resolve([{ ...source, jsonData: { timeInterval: "5s" } }]),
    libraryPanel: (uid) =>
      uid === "gone"
        ? Promise.reject(new Error("no such panel in the library"))
        : Promise.resolve({
            type: uid === "text" ? "text" : "stat",
            title: "Shared",
            fieldConfig: { defaults: { unit: "s" } },
            targets: [{ refId: "A", expr: uid === "text" ? "left over" : "shared" }],
          }),
    prometheus: (_, path, parameters) => Promise.resolve((prometheus?.(path, parameters) ?? { result: [] }) as never),
    query: (body) => {
      const { queries } = body as { queries: Query[] };
      asked.push(...queries);
      return Promise.resolve(
        Object.fromEntries(queries.map(({ refId, expr = "" }) => [refId, responses[expr] ?? { frames: [frame(1)] }])),
      );
    },
  };
  return { api, asked };
}

/** Checks the panels of a fake Grafana's dashboard; also returns the queries. */
export async function prove(fake: Fake): Promise<{ proof: PanelResult; asked: Query[] }> {
  const { api, asked } = fakeApi(fake);
  return { proof: await proveDashboard(api, "u"), asked };
}

/** A panel with these queries. */
export const panel = (title: string, ...exprs: string[]): Panel => ({
  type: "graph",
  title,
  targets: exprs.map((expr) => ({ expr })),
});
