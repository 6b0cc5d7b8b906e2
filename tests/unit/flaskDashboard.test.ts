import { flaskDashboard } from "../../dashboards/flask";

/** What the tests read of the dashboard in the form that Grafana gets. */
interface Model {
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating?: { readonly list: readonly Record<string, unknown>[] };
}

const flask = JSON.parse(JSON.stringify(flaskDashboard())) as Model;

/** The queries of the panel of that title, as they are written. */
function exprsOf({ panels }: Model, title: string): string[] {
  return panels.filter((it) => it.title === title).flatMap(({ targets }) => targets.map(({ expr }) => expr));
}

describe("dashboard lab-flask", () => {
  const seconds = "flask_http_request_duration_seconds";
  const chosen = '{job="flask_app", path=~"$path", status=~"$status"}';

  it("lets the user choose among paths and statuses", () => {
    expect(flask.templating?.list.map(({ name, multi, includeAll }) => ({ name, multi, includeAll }))).toStrictEqual(
      ["path", "status"].map((name) => ({ name, multi: true, includeAll: true })),
    );
  });

  it("shows rate, errors and duration of the chosen requests", () => {
    expect(exprsOf(flask, "Requests per second")).toStrictEqual([
      `sum(rate(${seconds}_count${chosen}[$__rate_interval]))`,
    ]);
    expect(exprsOf(flask, "Latency")).toStrictEqual([
      ...[0.5, 0.95, 0.99].map(
        (share) =>
          `histogram_quantile(${String(share)}, sum by (le) (rate(${seconds}_bucket${chosen}[$__rate_interval])))`,
      ),
      `sum(rate(${seconds}_sum${chosen}[$__rate_interval])) / sum(rate(${seconds}_count${chosen}[$__rate_interval]))`,
    ]);
  });

  it("computes the error ratio from all requests of the chosen paths", () => {
    const [ratio = ""] = exprsOf(flask, "Error ratio");
    expect(ratio).toContain('path=~"$path", status=~"5.."');
    expect(ratio).not.toContain("$status");
  });
});
