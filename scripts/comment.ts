// Posts the report of a preview as a comment of its pull request, or edits the comment that is there.
// usage: comment.ts REPORT NUMBER      GITHUB_API_URL, GITHUB_REPOSITORY and GITHUB_TOKEN say where and as whom
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import retry from "async-retry";

/** First line of a report, by which its comment is found again. */
const MARKER = "<!-- observability-lab: preview -->";
/** Who writes with a workflow's token; a comment of anybody else is left alone, whatever it begins with. */
const AUTHOR = "github-actions[bot]";

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

async function findComment(comments: string): Promise<Comment | undefined> {
  let page: string | undefined = `${comments}?per_page=100`;
  while (page !== undefined) {
    const response: Response = await ask("GET", page);
    const found = ((await response.json()) as Comment[]).find(
      ({ body, user }) => user?.login === AUTHOR && body?.startsWith(MARKER),
    );
    if (found !== undefined) {
      return found;
    }
    page = /<([^>]+)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
  }
  return undefined;
}

async function publish(comments: string, report: string): Promise<string> {
  const found = await findComment(comments);
  const response = await (found === undefined ? ask("POST", comments, report) : ask("PATCH", found.url, report));
  return ((await response.json()) as Comment).html_url;
}

async function main(): Promise<void> {
  const [file = "", number = ""] = process.argv.slice(2);
  if (!/^\d+$/.test(number)) {
    throw new Error(`"${number}" is no number of a pull request`);
  }
  const report = readFileSync(file, "utf8");
  if (!report.startsWith(`${MARKER}\n`)) {
    throw new Error(`${file} is no report of a preview: its first line is not ${MARKER}`);
  }
  const missing = Object.entries({ GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_TOKEN }).filter(
    ([, value]) => value === "",
  );
  if (missing.length > 0) {
    throw new Error(`not set: ${missing.map(([name]) => name).join(", ")}`);
  }
  const comments = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}/issues/${number}/comments`;
  // from the search on, as an attempt without an answer may have posted the comment
  const attempt = async (bail: (error: Error) => void): Promise<string | undefined> => {
    try {
      return await publish(comments, report);
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
