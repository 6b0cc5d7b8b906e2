import { MARKER, PreviewComment } from "../support/previewComment";
import { FakeResponse, Responses, serve, TestServer } from "../support/servers";

const REPORT = `${MARKER}\n# one change\n\n/merge\n@everybody [a](http://evil.example)\n`;
const DEAD = "# one change\n\n\u200b/merge\n@\u200beverybody [a]\u200b(http:\u200b//evil.example)\n";
const MINE = { id: 9 };
const PROJECT = "/api/v4/projects/5";
const OPEN = `${PROJECT}/merge_requests?state=opened&target_branch=main&per_page=100&page=1`;
const NOTES = `${PROJECT}/merge_requests/7/notes`;
const LISTED = `${NOTES}?sort=asc&per_page=100&page=1`;
const ARTIFACT = `${PROJECT}/jobs/31/artifacts/.lab/pr-preview/report.md`;

let comment: PreviewComment;
let commit: string;
let gitlab: TestServer | undefined;

beforeEach(() => {
  comment = new PreviewComment();
  commit = comment.change(["docs/a.md"]);
  comment.offer(7, commit);
});

afterEach(async () => {
  await gitlab?.close();
  gitlab = undefined;
  comment.remove();
});

function json(value: unknown, status = 200): FakeResponse {
  return { status, body: JSON.stringify(value) };
}

/** A GitLab with one merge request, whose pipeline has a report. */
function responses(changed: Responses = {}): Responses {
  return {
    "GET /api/v4/user": json(MINE),
    [`GET ${OPEN}`]: json([{ iid: 7, sha: commit }]),
    [`GET ${PROJECT}/merge_requests/7/pipelines?per_page=100&page=1`]: json([{ id: 21, project_id: 5, sha: commit }]),
    [`GET ${PROJECT}/pipelines/21/jobs?per_page=100&page=1`]: json([
      { id: 30, name: "lint" },
      { id: 31, name: "lab-preview", artifacts_file: { filename: "artifacts.zip" } },
    ]),
    [`GET ${ARTIFACT}`]: { body: REPORT },
    [`GET ${LISTED}`]: json([]),
    [`POST ${NOTES}`]: json({ id: 1 }, 201),
    ...changed,
  };
}

async function run(changed: Responses = {}): ReturnType<PreviewComment["postNotes"]> {
  gitlab = await serve(responses(changed));
  return comment.postNotes({
    CI_API_V4_URL: `${gitlab.url}/api/v4`,
    CI_PROJECT_ID: "5",
    CI_COMMIT_BRANCH: "main",
    PREVIEW_NOTE_TOKEN: "note-token",
  });
}

function written(): readonly unknown[] {
  return (gitlab?.requests ?? []).filter(({ method }) => method !== "GET").map((it) => [it.method, it.path, it.body]);
}

describe("the note of a merge request", () => {
  it("is created with nothing alive in it, under the token of its job", async () => {
    expect(await run()).toEqual({ status: 0, stdout: "!7: created\n", stderr: "" });
    expect(written()).toEqual([["POST", NOTES, { body: `${MARKER}\n${DEAD}` }]]);
    expect(new Set(gitlab?.requests.map(({ authorization }) => authorization))).toEqual(new Set(["Bearer note-token"]));
  });

  it("is updated by a later report, and there is never a second one", async () => {
    const others = Array.from({ length: 100 }, (_, at) => ({ id: at, body: "a word", author: { id: 1 } }));
    const notes: Responses = {
      [`GET ${LISTED}`]: json(others),
      [`GET ${NOTES}?sort=asc&per_page=100&page=2`]: json([{ id: 1000, body: `${MARKER}\n# before`, author: MINE }]),
      [`PUT ${NOTES}/1000`]: json({ id: 1000 }),
    };
    expect(await run(notes)).toEqual({ status: 0, stdout: "!7: updated\n", stderr: "" });
    expect(written()).toEqual([["PUT", `${NOTES}/1000`, { body: `${MARKER}\n${DEAD}` }]]);
  });

  it("is left where it says the same, which GitLab keeps without the last line's end", async () => {
    const same = [{ id: 3, body: `${MARKER}\n${DEAD}`.trim(), author: MINE }];
    expect(await run({ [`GET ${LISTED}`]: json(same) })).toMatchObject({ status: 0, stdout: "!7: unchanged\n" });
    expect(written()).toEqual([]);
  });

  it("does not replace somebody else's that begins alike", async () => {
    const forged = [{ id: 3, body: `${MARKER}\n# all is well`, author: { id: 1 } }];
    expect(await run({ [`GET ${LISTED}`]: json(forged) })).toMatchObject({ stdout: "!7: created\n" });
  });

  it.each([
    ["an earlier commit", { sha: "a".repeat(40) }],
    ["the pipeline of a fork", { project_id: 6 }],
  ])("is not written from the report of %s", async (_, other) => {
    const pipelines = [{ id: 21, project_id: 5, sha: commit, ...other }];
    const asked = `GET ${PROJECT}/merge_requests/7/pipelines?per_page=100&page=1`;
    expect(await run({ [asked]: json(pipelines) })).toEqual({ status: 0, stdout: "!7: no report\n", stderr: "" });
    expect(written()).toEqual([]);
  });

  it("names whose word the report is", async () => {
    comment.remove();
    comment = new PreviewComment();
    commit = comment.change([".gitlab-ci.yml", ".gitlab/preview.yml"]);
    comment.offer(7, commit);
    await run();
    expect(JSON.stringify(written())).toContain("behind this report (`.gitlab-ci.yml`, `.gitlab/preview.yml`)");
  });

  it("is rejected for a report that is none, and the next merge request gets its own", async () => {
    const two = {
      [`GET ${OPEN}`]: json([
        { iid: 8, sha: commit },
        { iid: 7, sha: commit },
      ]),
    };
    const other = {
      [`GET ${PROJECT}/merge_requests/8/pipelines?per_page=100&page=1`]: json([{ id: 22, project_id: 5, sha: commit }]),
      [`GET ${PROJECT}/pipelines/22/jobs?per_page=100&page=1`]: json([
        { id: 32, name: "lab-preview", artifacts_file: {} },
      ]),
      [`GET ${PROJECT}/jobs/32/artifacts/.lab/pr-preview/report.md`]: { body: "# anything" },
    };
    comment.offer(8, commit);
    const { status, stdout, stderr } = await run({ ...two, ...other });
    expect([status, stdout]).toEqual([1, "!7: created\n"]);
    expect(stderr).toContain("is not a preview report: its first line is not");
  });

  it("fails in GitLab's words, and without the token, where GitLab rejects it", async () => {
    const refusal = json({ error: "insufficient_scope" }, 403);
    expect(await run({ [`POST ${NOTES}`]: refusal })).toEqual({
      status: 1,
      stdout: "",
      stderr: '!7: GitLab rejects POST projects/5/merge_requests/7/notes: 403 {"error":"insufficient_scope"}\n',
    });
  });

  it("fails where the token is not one", async () => {
    expect(await run({ "GET /api/v4/user": json({ message: "401 Unauthorized" }, 401) })).toEqual({
      status: 1,
      stdout: "",
      stderr: 'GitLab rejects GET user: 401 {"message":"401 Unauthorized"}\n',
    });
  });
});
