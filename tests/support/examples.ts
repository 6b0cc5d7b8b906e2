import * as fs from "node:fs";
import * as path from "node:path";
import { renderReport, Report } from "../../tools/pull-request/report/markdown";

/**
 * Renders a report; with `EXAMPLES=docs/examples` also writes it there, as an example in the documentation.
 *
 * @param example File name.
 */
export function renderExample(
  example: string,
  report: Omit<Report, "marker" | "title" | "policies" | "seconds">,
): string {
  const { EXAMPLES } = process.env;
  const marker = "<!-- observability-lab: preview -->";
  const text = renderReport({ marker, title: "Lab preview", policies: true, seconds: {}, ...report });
  if (EXAMPLES !== undefined) {
    fs.mkdirSync(EXAMPLES, { recursive: true });
    fs.writeFileSync(path.join(EXAMPLES, `${example}.md`), text);
  }
  return text;
}
