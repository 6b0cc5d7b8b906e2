import { getVersion as commandVersion } from "@pulumi/command/utilities";
import { getVersion as dockerVersion } from "@pulumi/docker/utilities";
import { getVersion as grafanaVersion } from "@pulumiverse/grafana/utilities";
import { COMPONENT, GRAFANA_PLUGINS } from "./properties";
import { STACK } from "./resource";

/** How a resource asks the engine for the plugin that makes it, which the engine fetches and runs on this machine. */
export interface Origin {
  readonly type: string;
  readonly name: string;
  /** A plugin makes it: it is no component. */
  readonly custom: boolean;
  /** A plugin makes the component. */
  readonly remote: boolean;
  /** Empty where it says none. */
  readonly version: string;
  /** Empty where it says none. */
  readonly pluginDownloadURL: string;
  /** Names a plugin that the program registered; empty where it names none. */
  readonly packageRef: string;
}

/** What the providers' packages of package.json say of their plugins: the version, and where it is if not at Pulumi's. */
const PLUGINS: Readonly<Record<string, readonly [string, string]>> = {
  command: [commandVersion(), ""],
  docker: [dockerVersion(), ""],
  grafana: [grafanaVersion(), GRAFANA_PLUGINS],
};

/** A resource is made by the plugin that its package of package.json names, and a component of the lab by none. */
export function foreignPlugin(origin: Origin): readonly string[] {
  const { type, name, custom, remote, version, pluginDownloadURL, packageRef } = origin;
  const component = COMPONENT.test(type) || type === STACK;
  const provider = type.replace(/^pulumi:providers:/, "").split(":")[0] ?? "";
  const known = component || !Object.hasOwn(PLUGINS, provider) ? undefined : PLUGINS[provider];
  const [ownVersion, ownURL] = known ?? ["", ""];
  const faults = [
    ...(component && (custom || remote) ? ["is made by a plugin, though it has the type of a component"] : []),
    ...(version === ownVersion ? [] : [`names the version "${version}" of its plugin and not "${ownVersion}"`]),
    ...(pluginDownloadURL === ownURL ? [] : [`takes its plugin from "${pluginDownloadURL}"`]),
    ...(packageRef === "" ? [] : ["names a plugin that the program registered"]),
  ];
  return faults.map(
    (fault) =>
      `${name} (${type}) ${fault}, and the engine would fetch that and run it on this machine. Make it with a class of ` +
      "a provider's package that package.json pins, without version and pluginDownloadURL.",
  );
}
