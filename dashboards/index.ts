import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { ansibleDashboard } from "./ansible";
import { OverviewSettings } from "./containers";
import { flaskDashboard } from "./flask";
import { jobsDashboard } from "./jobs";
import { overviewDashboard } from "./overview";

/** A dashboard that this project writes itself. */
export interface OwnModel {
  /** Name of its resource. */
  readonly name: string;
  readonly model: Dashboard;
  /** Whether it is Grafana's home dashboard; exactly one is. */
  readonly home: boolean;
}

/** The lab's own dashboards: the stack and `make dashboards` take them from this list. */
export function ownDashboards(settings: OverviewSettings): readonly OwnModel[] {
  return [
    { name: "lab-overview", model: overviewDashboard(settings), home: true },
    { name: "flask-app", model: flaskDashboard(), home: false },
    { name: "ansible-playbooks", model: ansibleDashboard(), home: false },
    { name: "jobs", model: jobsDashboard(), home: false },
  ];
}
