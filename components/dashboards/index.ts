import { Dashboard } from "@grafana/grafana-foundation-sdk/dashboard";
import { Settings } from "../settings";
import { ansibleDashboard } from "./ansible";
import { flaskDashboard } from "./flask";
import { overviewDashboard } from "./overview";

/** A dashboard that this project writes itself. */
export interface OwnModel {
  /** Name of its resource. */
  readonly name: string;
  readonly model: Dashboard;
  /** Whether Grafana opens with it; one does. */
  readonly home: boolean;
}

/** The lab's own dashboards: the stack and `make dashboards` take them from this list. */
export function ownDashboards({ namePrefix }: Pick<Settings, "namePrefix">): readonly OwnModel[] {
  return [
    { name: "lab-overview", model: overviewDashboard(namePrefix), home: true },
    { name: "flask-app", model: flaskDashboard(), home: false },
    { name: "ansible-playbooks", model: ansibleDashboard(), home: false },
  ];
}
