import { printResults } from "../../tools/verify/table";

it("a table of results wraps a word that is longer than its column, and loses nothing of it", () => {
  const query = `rate(x{path="${"/long".repeat(40)}"}[1m])`;
  const log = jest.spyOn(console, "log").mockImplementation(() => undefined);
  printResults([["panels", "FAILED", `no data: ${query}`, `run ${"x".repeat(100)}`]], [14, 9, 92]);
  const [[table]] = log.mock.calls as [[string]];
  const cells = table.split("\n").map((line) => line.split("│")[3]?.trim() ?? "");
  expect(cells.join("")).toContain(query);
  expect(cells.join("")).toContain(`-> run${"x".repeat(100)}`);
  expect(table).not.toContain("…");
});
