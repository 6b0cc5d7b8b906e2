import { callDocker } from "../docker/client";
import { Settings } from "../settings/settings";
import { containersOf, servicesOf } from "../shared/names";
import { Problem } from "../shared/problems";

/** Name of an image that offline/ builds on this machine, and that no registry has. */
const BUILT_HERE = /^observability-lab\/([a-z-]+):offline$/;

/** An image that a lab runs, and the setting that names it. */
export interface LabImage {
  readonly setting: string;
  readonly image: string;
}

type Service =
  "prometheus" | "grafana" | "nodeExporter" | "cadvisor" | "pushgateway" | "alertmanager" | "swarmDiscovery";

/** The images of a lab with these settings: Alertmanager's only with a webhook, Caddy's only in a swarm. */
export function imagesOf(settings: Settings): readonly LabImage[] {
  return [...containersOf(settings), ...servicesOf(settings)].map((name) => {
    const service = name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase()) as Service;
    return { setting: `${service}Image`, image: settings[service].image };
  });
}

/** What offline/ calls an image that it builds; undefined for any other. */
export function nameInOffline(image: string): string | undefined {
  return BUILT_HERE.exec(image)?.[1];
}

/** Images that can only be built on this machine, and have not been. */
export async function findMissingImages(settings: Settings): Promise<readonly Problem[]> {
  const problems = imagesOf(settings).map(async ({ setting, image }): Promise<readonly Problem[]> => {
    const name = nameInOffline(image);
    return name === undefined || (await callDocker("GET", `/images/${image}/json`)).status === 200
      ? []
      : [
          {
            setting,
            value: image,
            problem: "is built on this machine and does not exist yet",
            fix: `run make setup, or offline/build images ${name}`,
          },
        ];
  });
  return (await Promise.all(problems)).flat();
}
