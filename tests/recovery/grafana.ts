import { grafana } from "../support/userData";
import { Fixture, DASHBOARDS, expectRepaired } from "./repair";

const UID = "lab-flask";

/** Faults of what Grafana holds. */
export function injectGrafanaFaults(fixture: () => Fixture): void {
  const part = "Grafana";
  const ask = async (method: string, path: string, body?: unknown): Promise<Response> => {
    const { lab } = fixture();
    return grafana(lab, { login: "admin", password: await lab.password() }, method, path, body);
  };

  it("a dashboard edited", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a dashboard of the lab edited in Grafana",
      lost: "the edit; Grafana's history of the dashboard has it",
      cause: async () => {
        const { dashboard, meta } = (await (await ask("GET", `/api/dashboards/uid/${UID}`)).json()) as {
          dashboard: object;
          meta: { folderUid: string };
        };
        const edited = { ...dashboard, title: "Edited by hand" };
        await ask("POST", "/api/dashboards/db", { dashboard: edited, folderUid: meta.folderUid, overwrite: true });
      },
      shows: ["flask-app-dashboard"],
    }));

  it("a dashboard deleted", () =>
    expectRepaired(fixture(), {
      part,
      fault: "a dashboard of the lab deleted in Grafana",
      lost: "its history in Grafana",
      cause: () => ask("DELETE", `/api/dashboards/uid/${UID}`),
      shows: ["flask-app-dashboard"],
    }));

  it("the lab's folder deleted", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the lab's folder deleted in Grafana with its dashboards",
      lost: "their history in Grafana",
      cause: () => ask("DELETE", "/api/folders/observability-lab"),
      shows: DASHBOARDS,
      // the folder comes back with them, and the home dashboard is one of them
      mayShow: ["grafana-folder", "lab-overview-home"],
    }));

  it("the datasource deleted", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the datasource deleted in Grafana",
      cause: () => ask("DELETE", "/api/datasources/uid/prometheus"),
      shows: ["grafana-datasource"],
    }));

  it("its password changed", () =>
    expectRepaired(fixture(), {
      part,
      fault: "the password of admin changed in Grafana",
      lost: "the changed password; the state's is in force again",
      cause: async () => {
        const oldPassword = await fixture().lab.password();
        const [newPassword, confirmNew] = ["changed by hand", "changed by hand"];
        await ask("PUT", "/api/user/password", { oldPassword, newPassword, confirmNew });
      },
      shows: ["grafana-admin-password"],
    }));
}
