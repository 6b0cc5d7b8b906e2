const MOST_NAMED = 5;
/** The code that makes the report, with what it imports. */
export const REPORT_CODE =
  /^(dashboards\/community|lib|scripts|tools\/(?!bench\/)[^/]+)\/|^((GNUm|[Mm])akefile|tsconfig\.json)$/;
/** The rules, and whatever else runs beside that code. */
const RULES_AND_PACKAGES =
  /^(\.github|node_modules|policy)\/|^(\.npmrc|index\.ts|package\.json|package-lock\.json|Pulumi\.yaml)$/;
/** What nothing of a preview reads. */
const NEVER_RUN = /^(docs|tests|tools\/bench)\/|^[^/]+\.md$|^LICENSE$/;

const HIDDEN = "\u200b";
/**
 * What GitHub makes something of, each with the character that takes its effect and is not seen: in a block of code,
 * too, as which part is code is the report's own word. Mentions, references, links and pictures, HTML and entities but
 * those of a report of ours, and blocks that are drawn, as by Mermaid. The number of a commit stays, and GitHub links it.
 * https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
const ALIVE: readonly (readonly [RegExp, string])[] = [
  // control characters, and those that turn the direction of a text
  [/[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ""],
  // but for an image's digest
  [/@(?!@|\s|(?<=\w@)sha256:[0-9a-f])/g, `@${HIDDEN}`],
  [/&(?!(amp|lt|#124|#42|#93|#8203);)/g, `&${HIDDEN}`],
  [/#(?=\d)(?<!&#)/g, `#${HIDDEN}`],
  [/\bGH-(?=\d)/gi, `$&${HIDDEN}`],
  [/:(?=\\*\/)/g, `:${HIDDEN}`],
  [/www(?=\\*\.)/gi, `$&${HIDDEN}`],
  [/\](?=\\*[([:])/g, `]${HIDDEN}`],
  [/<(?!\/?(details|summary|sub|b|code)>|details open>)/g, `<${HIDDEN}`],
  [/^((?:[ \t>*+-]|\d+[.)])*(?:`{3,}|~{3,}))(?!diff$)(?=[^\n`~])/gm, `$1${HIDDEN}`],
];

/** A report of code that is not to be trusted, as text that mentions nobody, leads nowhere and loads nothing. */
export function escapeReport(report: string): string {
  return ALIVE.reduce((text, [pattern, instead]) => text.replace(pattern, instead), report.replace(/\r\n?/g, "\n"));
}

/** Whose word a report is, as Markdown: by the names of the files that its pull request changes. */
export function describeOrigin(changed: readonly string[]): string {
  const makers = changed.filter((name) => REPORT_CODE.test(name) || RULES_AND_PACKAGES.test(name));
  if (makers.length > 0) {
    const shown = makers
      .slice(0, MOST_NAMED)
      .map((name) => `\`${escapeReport(name.replaceAll("`", "ʼ").replace(/\s/g, " "))}\``);
    const more = makers.length - shown.length;
    const list = [...shown, ...(more > 0 ? [`${String(more)} more`] : [])].join(", ");
    return (
      `> **This pull request changes the code or the policies behind this report (${list}).** ` +
      "Review those changes first: until then the report proves nothing.\n\n"
    );
  }
  return changed.every((name) => NEVER_RUN.test(name))
    ? ""
    : "> Code of the pull request ran beside the code that created this report, and could have changed it.\n\n";
}
