import * as fc from "fast-check";
import { Frame } from "../../tools/verify/panels/grafana";
import { board, graph, reportOn, stat, update } from "../support/panelReports";
import { expectNothingBreaksOut } from "../support/rendered";

const PARTS = [
  "a",
  "|",
  "`",
  "``",
  // before a pipe a backslash is text to cmark-gfm (table_cell of ext_scanners.re), and an escape to the parser here
  "\\d",
  "\n",
  "\r\n",
  " ",
  "*",
  "_",
  "~",
  "<script>",
  "</details>",
  "</summary>",
  "@all",
];
const MORE = ["#", "![x](y)", "[a](b)", "]: c", "---", "```", "|---|", "\u202e", "\u0000", "&lt;", "x".repeat(500)];
const foreign = fc.array(fc.constantFrom(...PARTS, ...MORE), { maxLength: 12 }).map((parts) => parts.join(""));

const series = (names: readonly string[]): readonly Frame[] =>
  names.map((name) => ({
    schema: {
      fields: [{ type: "time" }, { type: "number", labels: { path: name }, config: { displayNameFromDS: name } }],
    },
    data: { values: [[1], [1]] },
  }));

describe("the report on panels, rendered as on GitHub", () => {
  it("holds titles, queries, legends, units, errors and reasons, whatever these are", async () => {
    await fc.assert(
      fc.asyncProperty(
        foreign,
        foreign,
        foreign,
        fc.array(foreign, { maxLength: 5 }),
        async (title, word, unit, names) => {
          const before = board([stat(`P${title}`, "a"), graph("Both", "a", "b"), stat("Gone", "a")], { title: word });
          const settings = { fieldConfig: { defaults: { unit } }, transformations: [{ id: word }] };
          const after = board(
            [stat(`P${title}`, `q${word}`, settings), graph("Both", "a", `typo${word}`), stat("Bad", "bad")],
            { title: word },
          );
          const { report } = await reportOn([update(before, after)], {
            [`q${word}`]: { frames: series(names) },
            [`typo${word}`]: { frames: [] },
            bad: { error: word },
          });
          expectNothingBreaksOut(report);
        },
      ),
      { numRuns: 60 },
    );
  });
});
