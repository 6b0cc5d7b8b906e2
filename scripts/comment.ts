// Posts the report of a preview as a comment of its pull request, or edits the comment that is there.
// usage: comment.ts REPORT NUMBER      GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN say where and as whom
import retry from "async-retry";
import { lstatSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Changed, describeOrigin, escapeReport } from "../tools/pull-request/foreignReport";

/** First line of a report, by which its comment is found again. */
const MARKER = "<!-- observability-lab: preview -->";
/** Who writes with a workflow's token; a comment of anybody else is left alone, whatever it begins with. */
const AUTHOR = "github-actions[bot]";

/** Bytes of a report, which is cut below 60,000 characters; GitHub takes 65,536 of them. */
const MOST_BYTES = 240_000;
const MOST = 65_000;

interface Comment {
  readonly url: string;
  readonly html_url: string;
  readonly body: string | null;
  readonly user: { readonly login: string } | null;
}

const { GITHUB_API_URL = "", GITHUB_REPOSITORY = "", GITHUB_TOKEN = "" } = process.env;

/** An answer of GitHub that is none to go on with. */
class Refusal extends Error {
  /** Undefined where another attempt gets the same answer. */
  readonly waitSeconds: number | undefined;

  constructor(asked: string, { status, headers }: Response, said: string) {
    super(`GitHub answered ${String(status)} to ${asked}: ${said}`);
    if (status >= 500 || status === 429 || (status === 403 && /secondary rate limit/i.test(said))) {
      // of a limit, GitHub asks for a minute where it does not say how long
      this.waitSeconds = Number(headers.get("retry-after") ?? (status >= 500 ? 3 : 60));
    }
  }
}

async function ask(method: string, url: string, body?: string): Promise<Response> {
  const response = await fetch(url, {
    method,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${GITHUB_TOKEN}`,
      "x-github-api-version": "2022-11-28",
    },
    ...(body === undefined ? {} : { body: JSON.stringify({ body }) }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok) {
    throw new Refusal(`${method} ${new URL(url).pathname}`, response, reason(await response.text()));
  }
  return response;
}

/** GitHub's own words in one line; a proxy before it answers with a page instead. */
function reason(answer: string): string {
  try {
    return (JSON.parse(answer) as { message: string }).message;
  } catch {
    return answer.replace(/\s+/g, " ").slice(0, 200);
  }
}

/** What GitHub lists under an address, page by page. */
async function* list<T>(url: string): AsyncGenerator<T> {
  let page: string | undefined = `${url}?per_page=100`;
  while (page !== undefined) {
    const response: Response = await ask("GET", page);
    yield* (await response.json()) as T[];
    page = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
}

async function findComment(comments: string): Promise<Comment | undefined> {
  for await (const comment of list<Comment>(comments)) {
    if (comment.user?.login === AUTHOR && comment.body?.startsWith(MARKER)) {
      return comment;
    }
  }
  return undefined;
}

/** The report as the base's code lets it be posted: with where it comes from said first, and nothing alive in it. */
async function vetted(report: string, files: string): Promise<string> {
  const changed: Changed[] = [];
  for await (const file of list<Changed>(files)) {
    changed.push(file);
  }
  const text = `${MARKER}\n${describeOrigin(changed)}${escapeReport(report.slice(MARKER.length + 1))}`;
  return text.length <= MOST ? text : `${text.slice(0, MOST)}\n\nThe rest is cut.\n`;
}

async function publish(repository: string, number: string, report: string): Promise<string> {
  const comments = `${repository}/issues/${number}/comments`;
  const found = await findComment(comments);
  const body = await vetted(report, `${repository}/pulls/${number}/files`);
  const response = await (found === undefined ? ask("POST", comments, body) : ask("PATCH", found.url, body));
  return ((await response.json()) as Comment).html_url;
}

/** The file itself: a link, which an artifact may have, would lead to what the token's own process may read. */
function describe(file: string): { size: number; isFile: boolean } {
  const status = lstatSync(file);
  return { size: status.size, isFile: status.isFile() };
}

async function main(): Promise<void> {
  const [file = "", number = ""] = process.argv.slice(2);
  if (!/^\d+$/.test(number)) {
    throw new Error(`"${number}" is not a pull request number`);
  }
  const { size, isFile } = describe(file);
  if (!isFile || size > MOST_BYTES) {
    throw new Error(`${file} is not a preview report: it is ${isFile ? `${String(size)} bytes long` : "not a file"}`);
  }
  const report = readFileSync(file, "utf8");
  if (!report.startsWith(`${MARKER}\n`)) {
    throw new Error(`${file} is not a preview report: its first line is not ${MARKER}`);
  }
  const missing = Object.entries({ GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN }).filter(
    ([, value]) => value === "",
  );
  if (missing.length > 0) {
    throw new Error(`not set: ${missing.map(([name]) => name).join(", ")}`);
  }
  // from the search on, as an attempt without an answer may have posted the comment
  const attempt = async (bail: (error: Error) => void): Promise<string | undefined> => {
    try {
      return await publish(`${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}`, number, report);
    } catch (error) {
      if (error instanceof Refusal) {
        if (error.waitSeconds === undefined) {
          bail(error);
          return undefined;
        }
        await sleep(error.waitSeconds * 1000);
      }
      throw error;
    }
  };
  console.log(await retry(attempt, { retries: 3, minTimeout: 300, factor: 1 }));
}

main().catch((error: unknown) => {
  const { message, cause } = error as Error;
  console.error(cause instanceof Error ? `${message}: ${cause.message}` : message);
  process.exitCode = 1;
});
