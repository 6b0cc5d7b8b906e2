import { alertFailures, alertFolds, alertLine, alertNotes, isSameAnswer } from "../report/alertAnswers";
import { escapeMarkdown } from "../report/format";
import { Answers, details, fence } from "../report/markdown";
import { rowKey } from "../report/rows";
import { AlertAnswer } from "./alerts";
import { RuleTests } from "./ruleTests";

/** The report's text about alerts and their promtool tests. */
export function alertText(answers: readonly AlertAnswer[], tests: RuleTests): Answers {
  const key = ({ name }: AlertAnswer): string => rowKey({ kind: "alert", name });
  const failing = answers.filter(
    ({ before, after }) =>
      after !== undefined && ["firing", "never", "error"].includes(after.state) && after.state !== before?.state,
  );
  return {
    shown: new Map(answers.map((answer) => [key(answer), alertLine(answer)])),
    rows: answers
      .filter((answer) => !isSameAnswer(answer))
      .map(({ name }) => ({ operation: "update", kind: "alert", name, detail: "through a changed recording rule" })),
    first: new Set(failing.map(key)),
    paragraphs: alertNotes(answers, tests),
    folds: alertFolds(answers, tests).map(({ title, text, open }) => details(escapeMarkdown(title), fence(text), open)),
    problems: alertFailures(answers, tests),
  };
}
