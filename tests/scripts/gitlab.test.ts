import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { parse } from "yaml";
import { PROJECT } from "../support/fixtures";

interface Job {
  readonly rules: readonly { readonly if: string }[];
  readonly script: readonly string[];
  readonly variables?: Readonly<Record<string, string>>;
  readonly environment?: unknown;
  readonly artifacts?: unknown;
  readonly tags?: readonly string[];
}

const TEXT = fs.readFileSync(path.join(PROJECT, ".gitlab/preview.yml"), "utf8");
const JOBS = parse(TEXT) as Readonly<Record<"lab-preview" | "lab-preview-notes", Job>>;
const { "lab-preview": preview, "lab-preview-notes": notes } = JOBS;

describe("GitLab's jobs", () => {
  it("are two, started by no mirror that does not include them", () => {
    expect(Object.keys(JOBS)).toEqual(["lab-preview", "lab-preview-notes"]);
    expect(fs.existsSync(path.join(PROJECT, ".gitlab-ci.yml"))).toBe(false);
  });

  it("call files that exist", () => {
    const files = [...preview.script, ...notes.script].flatMap((line) => line.match(/scripts\/\S+/g) ?? []);
    expect(files).toEqual(["scripts/workflow/gitlab-preview", "scripts/workflow/gitlabNotes.ts"]);
    for (const file of files) {
      expect(fs.existsSync(path.join(PROJECT, file))).toBe(true);
    }
    expect(fs.statSync(path.join(PROJECT, "scripts/workflow/gitlab-preview")).mode & 0o111).not.toBe(0);
  });

  it("preview a merge request with its history, and keep the report after a failure, too", () => {
    expect(preview.rules).toEqual([{ if: '$CI_PIPELINE_SOURCE == "merge_request_event"' }]);
    expect(preview.variables).toEqual({ GIT_DEPTH: "0", GIT_CLEAN_FLAGS: "-ffdx -e /.lab/pr-preview/lab/" });
    expect(preview.artifacts).toMatchObject({ when: "always", paths: [".lab/pr-preview/report.md"] });
  });

  it("post notes in a scheduled pipeline of a protected branch alone, beside no code of a merge request", () => {
    expect(notes.rules).toEqual([
      { if: '$CI_PIPELINE_SOURCE == "schedule" && $CI_COMMIT_REF_PROTECTED == "true" && $PREVIEW_NOTES == "1"' },
    ]);
    expect(notes.environment).toEqual({ name: "preview-notes", action: "access" });
    expect(preview.environment).toBeUndefined();
    expect(TEXT).not.toContain("TOKEN");
    // on another runner than the one that runs what merge requests say
    expect([preview.tags, notes.tags]).toEqual([["observability-lab"], undefined]);
  });
});

describe("the preview of a merge request on GitLab", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-gitlab-"));

  beforeAll(() => {
    fs.writeFileSync(path.join(folder, "make"), '#!/bin/sh\necho "$* APPLY=$APPLY"\n', { mode: 0o755 });
  });

  afterAll(() => {
    fs.rmSync(folder, { recursive: true });
  });

  it.each([
    [{}, "pr-preview BASE=abc APPLY="],
    [{ CI_MERGE_REQUEST_TARGET_BRANCH_SHA: "def" }, "pr-preview BASE=def APPLY="],
    [{ CI_MERGE_REQUEST_LABELS: "bug,apply-preview" }, "pr-preview BASE=abc APPLY=1"],
    [{ CI_MERGE_REQUEST_LABELS: "do not apply-preview,$(id)" }, "pr-preview BASE=abc APPLY="],
  ])("with %j runs make %s", (variables, made) => {
    const env = { PATH: `${folder}:${process.env.PATH ?? ""}`, CI_MERGE_REQUEST_DIFF_BASE_SHA: "abc", ...variables };
    const script = path.join(PROJECT, "scripts/workflow/gitlab-preview");
    expect(execFileSync(script, { env, encoding: "utf8" }).trim()).toBe(made);
  });
});
