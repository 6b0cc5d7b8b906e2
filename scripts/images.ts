// Prints the names in offline/ of the images that a lab with these settings needs from there, or that tests need: all.
// usage: images.ts lab|test FILE...      settings files of a stack; later ones override earlier ones
import { imagesOf, nameInOffline } from "../lib/preflight/images";
import { allServices } from "../lib/settings/services";
import { readStackFiles } from "../lib/settings/stackFiles";
import { runMain } from "../lib/shared/run";

runMain(() => {
  const [purpose, ...files] = process.argv.slice(2);
  const { settings } = readStackFiles(files);
  const images = purpose === "test" ? allServices().map(([key]) => settings[key]) : imagesOf(settings);
  const names = images.flatMap(({ image }) => nameInOffline(image) ?? []);
  console.log([...new Set(names)].sort().join(" "));
});
