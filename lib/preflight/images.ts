import { callDocker } from "../docker/client";
import { servicesOf } from "../settings/services";
import { Settings } from "../settings/settings";
import { Problem } from "../shared/problems";

/** Name of an image that offline/ builds on this machine, and that no registry has. */
const BUILT_HERE = /^observability-lab\/([a-z-]+):offline$/;

/** An image that a lab runs, and the setting that names it. */
export interface LabImage {
  readonly setting: string;
  readonly image: string;
}

/** The images of a lab with these settings. */
export function imagesOf(settings: Settings): readonly LabImage[] {
  return servicesOf(settings).map((key) => ({ setting: `${key}Image`, image: settings[key].image }));
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
