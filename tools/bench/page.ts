// Writes the tables of docs/performance.md from what `make bench` measured last, in .lab/bench.json.
// usage: page.ts
import { readFileSync, writeFileSync } from "node:fs";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";
import { BenchResult } from "./results";
import { Cells, comparison, growthTables, idleTable, remarks } from "./table";

const README = path.join(PROJECT, "docs", "performance.md");
const [BEGIN, END] = ["<!-- bench: made by tools/bench/page.ts -->", "<!-- end of bench -->"] as const;

function markdown({ head, rows }: Cells): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)].join("\n");
}

const result = JSON.parse(readFileSync(path.join(PROJECT, ".lab", "bench.json"), "utf8")) as BenchResult;
const tables = [
  comparison(result.rows),
  idleTable(result.idle),
  ...(result.growth === undefined ? [] : growthTables(result.growth)),
];
const made = [
  ...tables.map(markdown),
  remarks(result)
    .map((it) => `- ${it}`)
    .join("\n"),
].join("\n\n");
const text = readFileSync(README, "utf8");
const [before = "", rest = ""] = text.split(BEGIN);
writeFileSync(README, `${before}${BEGIN}\n${made}\n${END}${rest.split(END)[1] ?? ""}`);
