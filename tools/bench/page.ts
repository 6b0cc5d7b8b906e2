// Writes the last results of `make bench`, in .lab/bench.json, into docs/performance.md.
// usage: page.ts
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";
import { BenchResult, Cells, remarks, tablesOf } from "./report";

const PAGE = path.join(PROJECT, "docs", "performance.md");
const TABLES = /(<!-- bench: .* -->\n).*(\n<!-- end of bench -->)/s;

function markdown({ head, rows }: Cells): string {
  const all = [head, head.map(() => "---"), ...rows];
  return all.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

const result = JSON.parse(readFileSync(path.join(PROJECT, ".lab", "bench.json"), "utf8")) as BenchResult;
const list = remarks(result)
  .map((it) => `- ${it}`)
  .join("\n");
const text = [...tablesOf(result).map(markdown), list].join("\n\n");
const page = readFileSync(PAGE, "utf8");
writeFileSync(
  PAGE,
  page.replace(TABLES, (_, begin: string, end: string) => begin + text + end),
);
