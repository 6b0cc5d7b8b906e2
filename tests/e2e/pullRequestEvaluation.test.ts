import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { changedLines } from "../../tools/pull-request/evaluation/causes";
import { PreviewEvaluation } from "../../tools/pull-request/evaluation/previewEvaluation";
import { PreviewLab } from "../../tools/pull-request/previewLab";
import { describeSteps } from "../../tools/pull-request/report/resources";
import { ASKED } from "../support/askedChanges";
import { copyCheckout } from "../support/checkouts";
import { renderExample } from "../support/examples";
import { machineStack } from "../support/harness";

jest.setTimeout(300_000);

describe("the lab of the base, asked what a change does to its panels and alerts", () => {
  let folder: string;
  let lab: PreviewLab;
  let base: string;
  let evaluation: PreviewEvaluation;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-evaluation-"));
    lab = await PreviewLab.create({ folder: path.join(folder, "lab"), stack: machineStack() });
    evaluation = new PreviewEvaluation(lab);
    base = checkout();
    expect((await lab.up(base)).failure).toEqual([]);
  });

  afterAll(async () => {
    evaluation.end();
    await lab.remove();
    fs.rmSync(folder, { recursive: true });
  });

  /** A checkout of the project as it is, in a commit of its own. */
  function checkout(): string {
    const copy = fs.mkdtempSync(path.join(folder, "head-"));
    fs.rmdirSync(copy);
    copyCheckout(copy);
    const author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org"];
    for (const args of [["init"], ["add", "--all"], [...author, "commit", "--message", "Base"]]) {
      const { status, stderr } = spawnSync("git", [...args, ...(args[0] === "add" ? [] : ["--quiet"])], {
        cwd: copy,
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([0, expect.anything()]);
    }
    return copy;
  }

  it.each(ASKED)("evaluates $name", async ({ example, make, apply = false, problems, lines }) => {
    const head = checkout();
    make(head);
    const run = await lab.preview(head);
    expect(run.failure).toEqual([]);
    await evaluation.evaluate(run, head);
    if (apply) {
      await evaluation.takeBaseline();
      expect((await lab.up(head)).failure).toEqual([]);
      await evaluation.compareApplied();
      expect((await lab.up(base)).failure).toEqual([]);
    }
    const results = evaluation.results(changedLines(head, "HEAD"));
    const text = renderExample(example, { notes: [], run, changes: describeSteps(run.steps), results, failure: [] });
    for (const line of lines) {
      expect(text).toEqual(typeof line === "string" ? expect.stringContaining(line) : expect.stringMatching(line));
    }
    expect(results.problems).toEqual(problems);
    expect(text.length).toBeLessThan(60_000);
    expect(text).not.toContain(lab.standIns.prefix);
  });
});
