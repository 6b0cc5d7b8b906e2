import { getVersion as commandVersion } from "@pulumi/command/utilities";
import { getVersion as dockerVersion } from "@pulumi/docker/utilities";
import { getVersion as grafanaVersion } from "@pulumiverse/grafana/utilities";
import { COMPONENT, GRAFANA_PLUGINS } from "./properties";
import { STACK } from "./resource";

/** The plugin that a resource requests, which the Pulumi engine downloads and runs on this machine. */
export interface Origin {
  readonly type: string;
  readonly name: string;
  /** Whether a plugin creates it: it is not a component. */
  readonly custom: boolean;
  /** Whether a plugin creates the component. */
  readonly remote: boolean;
  /** Empty where it says none. */
  readonly version: string;
  /** Empty where it says none. */
  readonly pluginDownloadURL: string;
  /** A plugin that the program registered; empty without one. */
  readonly packageRef: string;
}

/** The plugins of the providers' packages in package.json: version, and address if it is not Pulumi's. */
const PLUGINS: Readonly<Record<string, readonly [string, string]>> = {
  command: [commandVersion(), ""],
  docker: [dockerVersion(), ""],
  grafana: [grafanaVersion(), GRAFANA_PLUGINS],
};

/** A resource uses the plugin of its package in package.json, and a component of the lab uses none. */
export function checkPlugin(origin: Origin): readonly string[] {
  const { type, name, custom, remote, version, pluginDownloadURL, packageRef } = origin;
  const component = COMPONENT.test(type) || type === STACK;
  const provider = type.replace(/^pulumi:providers:/, "").split(":")[0] ?? "";
  const known = component || !Object.hasOwn(PLUGINS, provider) ? undefined : PLUGINS[provider];
  const [ownVersion, ownURL] = known ?? ["", ""];
  const problems = [
    ...(component && (custom || remote) ? ["is created by a plugin, but has the type of a component"] : []),
    ...(version === ownVersion ? [] : [`requests version "${version}" of its plugin instead of "${ownVersion}"`]),
    ...(pluginDownloadURL === ownURL ? [] : [`downloads its plugin from "${pluginDownloadURL}"`]),
    ...(packageRef === "" ? [] : ["uses a plugin that the program registered"]),
  ];
  return problems.map(
    (problem) =>
      `${name} (${type}) ${problem}; the Pulumi engine would download that plugin and run it on this machine. Create it ` +
      "with a class of a provider package pinned in package.json, without version and pluginDownloadURL.",
  );
}
