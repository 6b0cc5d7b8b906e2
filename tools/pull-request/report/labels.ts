import { Change } from "./changes";
import { parseJson } from "../../../lib/shared/attempt";
import { isObject } from "../../../lib/shared/isObject";
import { Properties } from "./events";

/** A resource in the terms of the lab's users. */
export interface Part {
  /** Such as `container`. */
  readonly kind: string;
  /** Which one; empty if there is only one. */
  readonly name: string;
}

const COMMANDS: readonly (readonly [RegExp, (name: string) => Part])[] = [
  [/^flask-process$/, () => ({ kind: "app", name: "Flask" })],
  [/^ansible-run$/, () => ({ kind: "playbook", name: "monitor_playbook" })],
  [/-environment$/, (name) => ({ kind: "Python environment", name: name.replace("-environment", "") })],
  [/-admin-password$/, () => ({ kind: "password", name: "of Grafana's admin" })],
  [/-generated-password$/, () => ({ kind: "generated password", name: "" })],
  [/-config-files$/, (name) => ({ kind: "configuration", name: name.replace("-config-files", "") })],
  [/-reload$/, (name) => ({ kind: "reload", name: name.replace("-reload", "") })],
  [/-(sweep|drain)$/, () => ({ kind: "teardown", name: "" })],
];

const TYPES: Readonly<Record<string, (change: Change) => Part>> = {
  "docker:index/container:Container": (change) => ({ kind: "container", name: own(change, "name") }),
  "docker:index/service:Service": (change) => ({ kind: "service", name: own(change, "name") }),
  "docker:index/network:Network": (change) => ({ kind: "network", name: own(change, "name") }),
  "docker:index/volume:Volume": (change) => ({ kind: "volume", name: own(change, "name") }),
  "grafana:oss/dashboard:Dashboard": (change) => ({ kind: "dashboard", name: titleOf(stateOf(change)) || change.name }),
  "grafana:oss/dataSource:DataSource": (change) => ({ kind: "datasource", name: own(change, "name") }),
  "grafana:oss/folder:Folder": (change) => ({ kind: "folder", name: own(change, "title") }),
  "grafana:oss/organizationPreferences:OrganizationPreferences": () => ({ kind: "home dashboard", name: "" }),
  "pulumi:providers:grafana": () => ({ kind: "connection", name: "to Grafana" }),
  "command:local:Command": ({ name }) =>
    COMMANDS.find(([pattern]) => pattern.test(name))?.[1](name) ?? { kind: "command", name },
};

/** The part of the lab that a change affects; an unknown type is named by its own token. */
export function partOf(change: Change): Part {
  return TYPES[change.type]?.(change) ?? { kind: change.type.split(":").pop() ?? change.type, name: change.name };
}

/** The model of a dashboard resource; undefined if its inputs have none. */
export function modelOf({ configJson }: Properties): Properties | undefined {
  const model = parseJson(String(configJson));
  return isObject(model) ? model : undefined;
}

/** Title of a dashboard. */
export function titleOf(inputs: Properties): string {
  const title = modelOf(inputs)?.title;
  return typeof title === "string" ? title : "";
}

/** The inputs after the change, or before a deletion. */
function stateOf({ operation, before, after }: Change): Properties {
  return operation === "delete" ? before : after;
}

function own(change: Change, key: string): string {
  const value = stateOf(change)[key];
  return typeof value === "string" ? value : change.name;
}
