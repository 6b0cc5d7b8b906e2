import Table from "cli-table3";

/** Prints the results of checks, each with the fix if it has one. */
export function printResults(
  rows: readonly (readonly [check: string, state: string, seen: string, fix?: string])[],
  colWidths: number[],
): void {
  const style = { head: [], border: [] };
  const table = new Table({ head: ["check", "", "result"], style, wordWrap: true, colWidths });
  // the table truncates a word that is longer than its column, such as a query or a path
  const longWords = new RegExp(`\\S{${String((colWidths.at(-1) ?? 0) - 2)}}(?=\\S)`, "gu");
  table.push(
    ...rows.map(([check, state, seen, fix]) => [
      check,
      state,
      (fix === undefined ? seen : `${seen}\n-> ${fix}`).replaceAll(longWords, "$&\n"),
    ]),
  );
  console.log(table.toString());
}
