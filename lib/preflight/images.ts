import * as pulumi from "@pulumi/pulumi";
import { hasImage, pull } from "../docker/pull";
import { runsOnEveryNode, servicesOf } from "../settings/services";
import { Settings } from "../settings/settings";
import { Problem, throwProblems } from "../shared/problems";

/** Names of the images that offline/ builds on this machine; they are in no registry. */
const BUILT_HERE = /^observability-lab\/([a-z-]+):offline$/;

/** The images of a lab with these settings, and the setting that names each. */
export function imagesOf(settings: Settings): readonly { readonly setting: string; readonly image: string }[] {
  return servicesOf(settings).map((key) => ({ setting: `${key}Image`, image: settings[key].image }));
}

/** Name of an image in offline/; undefined for any other image. */
export function nameInOffline(image: string): string | undefined {
  return BUILT_HERE.exec(image)?.[1];
}

/** Images that have to be built on this machine and are missing. */
export async function findMissingImages(settings: Settings): Promise<readonly Problem[]> {
  const problems = imagesOf(settings).map(async ({ setting, image }): Promise<readonly Problem[]> => {
    const name = nameInOffline(image);
    return name === undefined || (await hasImage(image))
      ? []
      : [
          {
            setting,
            value: image,
            problem: "has to be built on this machine first",
            fix: `run make setup, or offline/build images ${name}`,
          },
        ];
  });
  return (await Promise.all(problems)).flat();
}

/**
 * Pulls the missing images of this machine's containers before any change: the provider would pull without the user's
 * credentials, and only after it removed the old container. The nodes of a swarm pull their own images.
 *
 * @returns Whether any image was missing.
 * @throws LabError that names each image whose pull failed.
 */
export async function pullImages(settings: Settings): Promise<boolean> {
  const keys = servicesOf(settings).filter((key) => !runsOnEveryNode(key, settings));
  const pulled = await Promise.all(
    keys.map(async (key): Promise<readonly Problem[] | undefined> => {
      const { image } = settings[key];
      if (await hasImage(image)) {
        return undefined;
      }
      await pulumi.log.info(`pulling ${image}`);
      try {
        await pull(image);
        return [];
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        const fix = "set an image that its registry has, and run docker login if the registry requires it";
        return [{ setting: `${key}Image`, value: image, problem: `cannot be pulled: ${reason}`, fix }];
      }
    }),
  );
  throwProblems(pulled.flatMap((problems) => problems ?? []));
  return pulled.some((problems) => problems !== undefined);
}
