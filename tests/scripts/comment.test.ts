import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { text } from "node:stream/consumers";
import { PROJECT } from "../support/fixtures";
import { GithubComments } from "../support/githubComments";

const REPORT = "<!-- observability-lab: preview -->\n# one change\n";
const BOT = "github-actions[bot]";

let folder: string;
let github: GithubComments;
let api: string;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-comment-"));
  github = new GithubComments();
  api = await github.listen();
});

afterEach(async () => {
  await github.close();
  fs.rmSync(folder, { recursive: true });
});

async function comment(
  env: Readonly<Record<string, string>> = {},
  number = "7",
  report = REPORT,
): Promise<{ status: number; stderr: string; stdout: string }> {
  const file = path.join(folder, "report.md");
  fs.writeFileSync(file, report);
  const child = spawn(process.execPath, ["--require", "sucrase/register/ts", "scripts/comment.ts", file, number], {
    cwd: PROJECT,
    env: { GITHUB_API_URL: api, GITHUB_REPOSITORY: github.repository, GITHUB_TOKEN: github.token, ...env },
  });
  const status = new Promise<number>((resolve) => child.on("close", resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await status, stdout, stderr: stderr.replaceAll(file, "report.md") };
}

describe("the comment of a report", () => {
  it("is posted, and its address printed", async () => {
    expect(await comment()).toEqual({
      status: 0,
      stdout: "https://github.example/someone/lab/pull/7#issuecomment-100\n",
      stderr: "",
    });
    expect(github.comments).toEqual([{ id: 100, login: BOT, body: REPORT }]);
  });

  it("is found on a later page, among those of others", async () => {
    for (let index = 0; index < 5; index++) {
      github.add("somebody", REPORT);
    }
    github.add(BOT, REPORT.replace("one change", "none"));
    expect((await comment()).stderr).toBe("");
    expect(github.comments).toHaveLength(6);
    expect(github.comments[5]?.body).toBe(REPORT);
    expect(github.asked).toEqual([
      ...Array<string>(3).fill("GET /repos/someone/lab/issues/7/comments"),
      "GET /repos/someone/lab/pulls/7/files",
      "PATCH /repos/someone/lab/issues/comments/105",
    ]);
  });

  it("is posted once, even where the answer to that got lost", async () => {
    github.disturbances.POST = [
      { status: 502, body: "<html>\nBad gateway</html>", headers: { "retry-after": "0" }, done: true },
    ];
    expect((await comment()).stderr).toBe("");
    expect(github.comments).toHaveLength(1);
    expect(github.asked.filter((asked) => asked.startsWith("POST"))).toHaveLength(1);
  });

  it("waits as long as a rate limit says", async () => {
    const body = '{"message":"You have exceeded a secondary rate limit."}';
    github.disturbances.GET = [{ status: 403, body, headers: { "retry-after": "1" } }];
    const start = Date.now();
    expect((await comment()).status).toBe(0);
    expect(Date.now() - start).toBeGreaterThan(1000);
    expect(github.comments).toHaveLength(1);
  });

  it("is given up after the fourth answer without success", async () => {
    const answer = { status: 503, body: "<html>\nNo server\n</html>", headers: { "retry-after": "0" } };
    github.disturbances.GET = Array<typeof answer>(5).fill(answer);
    expect((await comment()).stderr).toBe(
      "GitHub answered 503 to GET /repos/someone/lab/issues/7/comments: <html> No server </html>\n",
    );
    expect(github.asked).toHaveLength(4);
  });

  it("is refused at once where another attempt would be, too", async () => {
    expect(await comment({ GITHUB_TOKEN: "another" })).toEqual({
      status: 1,
      stdout: "",
      stderr: "GitHub answered 401 to GET /repos/someone/lab/issues/7/comments: Bad credentials\n",
    });
    expect(github.asked).toHaveLength(1);
  });

  it("says first that the pull request changes what makes it", async () => {
    github.files.push("policy/pack.ts", "docs/a.md", "package.json");
    await comment();
    expect(github.comments[0]?.body).toBe(
      "<!-- observability-lab: preview -->\n> **This pull request changes the code that makes this report or its rules " +
        "(`policy/pack.ts`, `package.json`).** Its report proves nothing before those changes are read.\n\n# one change\n",
    );
  });

  it.each([
    [
      ["components/monitoring/grafana.ts"],
      "> Code of the pull request ran beside what made this report, and could have changed it.\n\n",
    ],
    [["docs/a.md", "README.md", "tests/unit/a.test.ts"], ""],
  ])("says whose word it is where %j changes", async (files, said) => {
    github.files.push(...files);
    await comment();
    expect(github.comments[0]?.body).toBe(REPORT.replace("# one", `${said}# one`));
  });

  it.each([
    ["no token", { GITHUB_TOKEN: "", GITHUB_API_URL: "" }, "7", REPORT, "not set: GITHUB_API_URL, GITHUB_TOKEN"],
    ["no number", {}, "../7", REPORT, '"../7" is not a pull request number'],
    [
      "another file",
      {},
      "7",
      "# anything",
      "report.md is not a preview report: its first line is not <!-- observability-lab: preview -->",
    ],
  ])("is not tried with %s", async (_, env, number, report, said) => {
    expect(await comment(env, number, report)).toEqual({ status: 1, stdout: "", stderr: `${said}\n` });
    expect(github.asked).toEqual([]);
  });
});
