// Keeps one note with the report on every open merge request into this branch, whose code is checked out.
// usage: CI_API_V4_URL=URL CI_PROJECT_ID=ID CI_COMMIT_BRANCH=BRANCH PREVIEW_NOTE_TOKEN=TOKEN gitlabNotes.ts
import { execFileSync } from "node:child_process";
import { runMain } from "../../lib/shared/run";
import { escapeNote, REPORT_MARKER } from "../../tools/pull-request/foreignReport";
import { writeComment } from "./comment";

interface MergeRequest {
  readonly iid: number;
  readonly sha: string;
}

interface Pipeline {
  readonly id: number;
  readonly project_id: number;
  readonly sha: string;
}

interface Job {
  readonly id: number;
  readonly name: string;
  /** Absent without artifacts. */
  readonly artifacts_file?: object | null;
}

interface Note {
  readonly id: number;
  readonly body: string;
  readonly author: { readonly id: number };
}

const JOB = "lab-preview";
const REPORT = ".lab/pr-preview/report.md";
const PAGE = 100;
const {
  CI_API_V4_URL: api = "",
  CI_PROJECT_ID: id = "",
  CI_COMMIT_BRANCH: branch = "",
  PREVIEW_NOTE_TOKEN: token = "",
} = process.env;
const project = `projects/${id}`;

async function request(method: string, route: string, body?: object): Promise<Response> {
  const response = await fetch(`${api}/${route}`, {
    method,
    // fetch would also send PRIVATE-TOKEN to the storage that GitLab redirects to for an artifact
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: body === undefined ? null : JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (!response.ok) {
    throw new Error(
      `GitLab rejects ${method} ${route}: ${String(response.status)} ${await response.text()}`.slice(0, 500),
    );
  }
  return response;
}

async function get<T>(route: string): Promise<T> {
  return (await (await request("GET", route)).json()) as T;
}

async function list<T>(route: string): Promise<T[]> {
  const all: T[] = [];
  for (let page = 1; ; page++) {
    const some = await get<T[]>(
      `${route}${route.includes("?") ? "&" : "?"}per_page=${String(PAGE)}&page=${String(page)}`,
    );
    all.push(...some);
    if (some.length < PAGE) {
      return all;
    }
  }
}

/** The report on the head of a merge request; undefined if there is none yet. */
async function findReport({ iid, sha }: MergeRequest): Promise<string | undefined> {
  const pipelines = await list<Pipeline>(`${project}/merge_requests/${String(iid)}/pipelines`);
  // not of an earlier commit: the files of the head decide how far the note trusts the report; not of a fork
  const pipeline = pipelines.find((it) => it.sha === sha && String(it.project_id) === id);
  const jobs = pipeline === undefined ? [] : await list<Job>(`${project}/pipelines/${String(pipeline.id)}/jobs`);
  const job = jobs.find(({ name, artifacts_file: file }) => name === JOB && Boolean(file));
  return job && (await request("GET", `${project}/jobs/${String(job.id)}/artifacts/${REPORT}`)).text();
}

/** The note for a report: GitHub's comment, escaped for GitLab, too. */
function writeNote({ iid, sha }: MergeRequest, report: string): string {
  execFileSync("git", ["fetch", "--quiet", "origin", `refs/merge-requests/${String(iid)}/head`], { stdio: "inherit" });
  return escapeNote(writeComment(REPORT, report, sha));
}

/** Creates the note, or updates it if its text has changed. */
async function post({ iid }: MergeRequest, body: string, author: number): Promise<string> {
  const notes = `${project}/merge_requests/${String(iid)}/notes`;
  const own = (await list<Note>(`${notes}?sort=asc`)).find(
    (note) => note.author.id === author && note.body.startsWith(REPORT_MARKER),
  );
  if (own === undefined) {
    await request("POST", notes, { body });
    return "created";
  }
  if (own.body.trim() === body.trim()) {
    return "unchanged";
  }
  await request("PUT", `${notes}/${String(own.id)}`, { body });
  return "updated";
}

async function main(): Promise<void> {
  const { id: author } = await get<{ id: number }>("user");
  const open = `${project}/merge_requests?state=opened&target_branch=${encodeURIComponent(branch)}`;
  for (const mergeRequest of await list<MergeRequest>(open)) {
    try {
      const report = await findReport(mergeRequest);
      const result =
        report === undefined ? "no report" : await post(mergeRequest, writeNote(mergeRequest, report), author);
      console.log(`!${String(mergeRequest.iid)}: ${result}`);
    } catch (error) {
      // continue with the other merge requests
      console.error(`!${String(mergeRequest.iid)}: ${(error as Error).message}`);
      process.exitCode = 1;
    }
  }
}

runMain(main);
