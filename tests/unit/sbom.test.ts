import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";

interface Component {
  readonly "bom-ref": string;
  readonly name: string;
  readonly version?: string;
  readonly licenses?: readonly { readonly license?: { readonly id: string }; readonly expression?: string }[];
}

const { components } = JSON.parse(
  execFileSync("node", [path.join(PROJECT, "scripts", "sbom.js")], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }),
) as { readonly components: readonly Component[] };
const parts = new Map(
  components.filter((it) => it["bom-ref"].startsWith("offline/")).map((it) => [it.name, it] as const),
);

/** The rows of the table of parts in offline/README.md, by the first name in each. */
function documented(): string[] {
  const text = readFileSync(path.join(PROJECT, "offline", "README.md"), "utf8");
  const table = /\n\| part \|.*\n\|[-| ]+\|\n((?:\|.*\n)+)/.exec(text)?.[1] ?? "";
  return [...table.matchAll(/^\| ([\w-]+)/gm)].map(([, name = ""]) => name);
}

it("has every part that offline/README.md lists, with its version and its license", () => {
  expect(documented().length).toBeGreaterThanOrEqual(12);
  for (const name of documented()) {
    expect(parts.get(name)).toMatchObject({
      version: expect.stringMatching(/^v\d/) as string,
      licenses: [expect.anything() as object],
    });
  }
});

it("has the licenses of what is copied into the images", () => {
  const licenses = ["busybox", "ca-certificates", "glibc"].map((name) => parts.get(name)?.licenses?.[0]?.license?.id);
  expect(licenses).toEqual(["GPL-2.0-only", "MPL-2.0", "LGPL-2.1-or-later"]);
});

it("has nothing else of Grafana's license than Grafana and its provider", () => {
  const affected = components.filter(({ licenses }) => JSON.stringify(licenses ?? []).includes("AGPL"));
  expect(affected.map(({ name }) => name)).toEqual(["resource-grafana", "grafana"]);
});
