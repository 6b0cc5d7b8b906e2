/** First line of a report, by which its comment is found. */
export const REPORT_MARKER = "<!-- observability-lab: preview -->";
/** Text of the link from a panel to the same panel in the reader's own lab. */
export const OWN_LAB = "Open it in your own lab";
const MOST_NAMED = 5;
/** The code that makes the report, and its imports. */
export const REPORT_CODE =
  /^(dashboards\/community|lib|scripts|tools\/(?!bench\/)[^/]+)\/|^((GNUm|[Mm])akefile|tsconfig\.json)$/;
/** The policies, and everything else that runs beside that code. */
const POLICIES_AND_PACKAGES =
  /^(\.git(hub|lab)|node_modules|policy)\/|^(\.gitlab-ci\.yml|\.npmrc|index\.ts|package\.json|package-lock\.json|Pulumi\.yaml)$/;
/** Files that a preview does not read. */
const NEVER_RUN = /^(docs|tests|tools\/bench)\/|^[^/]+\.md$|^LICENSE$/;

const HIDDEN = "\u200b";
/**
 * Markdown that GitHub acts on, each with an invisible character that disables it, in code blocks as well: the report
 * itself decides what is code. Mentions, references, links and images, HTML and entities except those of our own
 * reports, and rendered blocks such as Mermaid. A commit's hash stays, and GitHub links it.
 * https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
 */
const ALIVE: readonly (readonly [RegExp, string])[] = [
  // control characters, and those that change the text direction
  [/[\u0000-\u0008\u000b-\u001f\u007f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, ""],
  // except in an image's digest
  [/@(?!@|\s|(?<=\w@)sha256:[0-9a-f])/g, `@${HIDDEN}`],
  [/&(?!(amp|lt|#124|#126|#36|#42|#92|#93|#95|#8203);)/g, `&${HIDDEN}`],
  [/#(?=\d)(?<!&#)/g, `#${HIDDEN}`],
  [/\bGH-(?=\d)/gi, `$&${HIDDEN}`],
  [/:(?=\\*\/)/g, `:${HIDDEN}`],
  [/www(?=\\*\.)/gi, `$&${HIDDEN}`],
  [/\](?=\\*[([:])/g, `]${HIDDEN}`],
  [/<(?!\/?(details|summary|sub|b|code)>|details open>)/g, `<${HIDDEN}`],
  [/^((?:[ \t>*+-]|\d+[.)])*(?:`{3,}|~{3,}))(?!diff$)(?=[^\n`~])/gm, `$1${HIDDEN}`],
];

/**
 * The link to a panel in the reader's own lab, escaped. After `!` it would be an image; after a backslash no link, and
 * its URL would be linked together with the text that follows.
 */
const ESCAPED_LINK = new RegExp(
  `(?<![!\\\\])\\[${OWN_LAB}\\]${HIDDEN}\\(http:${HIDDEN}(//127\\.0\\.0\\.1:\\d{1,5}/d/[\\w-]+\\?viewPanel=\\d+)\\)`,
  "g",
);

/**
 * Markdown that only GitLab acts on: quick actions, which run as the author of a note, and references.
 * https://docs.gitlab.com/user/project/quick_actions/, https://docs.gitlab.com/user/markdown/#gitlab-specific-references
 */
const ALIVE_ON_GITLAB: typeof ALIVE = [
  [/^([^\S\n]*)\/(?=\w)/gm, `$1${HIDDEN}/`],
  [/(?:[!$]|&#36;)(?=\d)|(?:[%~]|&#126;)(?=[\w"])|(?:[*[]|&#42;)(?=[a-z_]+:)|\[(?=\[)/g, `$&${HIDDEN}`],
];

/**
 * Makes the report of untrusted code harmless: no mentions, nothing loaded, and no links except to a panel in the
 * reader's own lab.
 */
export function escapeReport(report: string): string {
  return escape(report.replace(/\r\n?/g, "\n"), ALIVE).replace(ESCAPED_LINK, `[${OWN_LAB}](http:$1)`);
}

/** Escapes a comment that has an escaped report for GitLab, too. */
export function escapeNote(comment: string): string {
  return escape(comment, ALIVE_ON_GITLAB);
}

function escape(report: string, alive: typeof ALIVE): string {
  return alive.reduce((text, [pattern, instead]) => text.replace(pattern, instead), report);
}

/** How far a report can be trusted, as Markdown, by the names of the files that its pull request changes. */
export function describeOrigin(changed: readonly string[]): string {
  const makers = changed.filter((name) => REPORT_CODE.test(name) || POLICIES_AND_PACKAGES.test(name));
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
