import { alertFailures, alertFolds, alertLine, alertNotes, isSameEvaluation } from "../report/alertEvaluations";
import { escapeMarkdown } from "../report/format";
import { LabResults, details, fence } from "../report/markdown";
import { rowKey } from "../report/rows";
import { AlertEvaluation } from "./alerts";
import { RuleTests } from "./ruleTests";

/** The report's text about alerts and their promtool tests. */
export function alertText(evaluations: readonly AlertEvaluation[], tests: RuleTests): LabResults {
  const key = ({ name }: AlertEvaluation): string => rowKey({ kind: "alert", name });
  const failing = evaluations.filter(
    ({ before, after }) =>
      after !== undefined && ["firing", "never", "error"].includes(after.state) && after.state !== before?.state,
  );
  return {
    shown: new Map(evaluations.map((evaluation) => [key(evaluation), alertLine(evaluation)])),
    rows: evaluations
      .filter((evaluation) => !isSameEvaluation(evaluation))
      .map(({ name }) => ({ operation: "update", kind: "alert", name, detail: "through a changed recording rule" })),
    first: new Set(failing.map(key)),
    paragraphs: alertNotes(evaluations, tests),
    folds: alertFolds(evaluations, tests).map(({ title, text, open }) =>
      details(escapeMarkdown(title), fence(text), open),
    ),
    problems: alertFailures(evaluations, tests),
  };
}
