import { CatalogueEntry } from "./entry";

/**
 * Makes the titles distinct in the lab's folder: if two titles have the same slug, which ignores case and punctuation,
 * Grafana overwrites the first dashboard with the second. The later one gets its id appended.
 *
 * @param own Titles of the lab's own dashboards.
 */
export function distinctTitles(entries: readonly CatalogueEntry[], own: readonly string[]): readonly CatalogueEntry[] {
  const taken = new Set(own.map(slugOf));
  return entries.map((entry) => {
    const model = JSON.parse(entry.json) as { title: string };
    const slug = slugOf(model.title);
    if (!taken.has(slug)) {
      taken.add(slug);
      return entry;
    }
    const title = `${model.title.trim()} (${String(entry.id)})`;
    taken.add(slugOf(title));
    return { ...entry, json: JSON.stringify({ ...model, title }) };
  });
}

function slugOf(title: string): string {
  const plain = title.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || title.trim();
}
