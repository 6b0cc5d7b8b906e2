import { existsSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";

const TEXT = readFileSync(path.join(PROJECT, "CONTRIBUTING.md"), "utf8");
const FOLDERS = "assets|components|dashboards|docs|lib|offline|policy|scripts|tests|tools";
const PATHS = [...TEXT.matchAll(new RegExp(`\\b(?:${FOLDERS})/[\\w./-]*`, "g"))].map(([file]) => file);
const HOW_TO = TEXT.slice(TEXT.indexOf("## How to"), TEXT.indexOf("## Tests")).split(/^### /m).slice(1);

describe("CONTRIBUTING", () => {
  it.each([...new Set(PATHS)])("names %s, which exists", (name) => {
    // a suite is named as jest takes it, without its ending
    const found = ["", ".test.ts"].some((ending) => existsSync(path.join(PROJECT, `${name}${ending}`)));
    expect(found).toBe(true);
  });

  it.each(HOW_TO)("explains in under ten lines how to %s", (section) => {
    expect(section.trim().split("\n").slice(1).filter(Boolean).length).toBeLessThan(10);
  });
});
