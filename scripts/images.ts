// Prints the names in offline/ of the images that a lab with these settings needs from there.
// usage: images.ts FILE...      settings files of a stack; later ones override earlier ones
import { imagesOf, nameInOffline } from "../lib/preflight/images";
import { readStackFiles } from "../lib/settings/stackFiles";

try {
  const { settings } = readStackFiles(process.argv.slice(2));
  const names = imagesOf(settings).flatMap(({ image }) => nameInOffline(image) ?? []);
  console.log([...new Set(names)].sort().join(" "));
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
}
