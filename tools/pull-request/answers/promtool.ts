import { dockerGet } from "../../../lib/docker/client";
import {
  FOLDER,
  putFiles,
  runToEnd,
  TemporaryContainer,
  withTemporaryContainer,
} from "../../../lib/docker/temporaryContainer";
import { urlSegment } from "../../../lib/shared/foreignNames";
import { LabOutputs } from "../../verify/lab";

/** What promtool says of each test file, by the file's path. */
export type TestOutputs = ReadonlyMap<string, { readonly ok: boolean; readonly output: string }>;

/**
 * Runs promtool's tests of rules.
 *
 * @param files Texts by path, of which the tests are some.
 * @throws LabError if Docker cannot run it, for example as the image has no promtool.
 */
export type RunRuleTests = (files: ReadonlyMap<string, string>, tests: readonly string[]) => Promise<TestOutputs>;

const PASSED = "SUCCESS";
/** The line that begins the result of a file, after which come its errors. */
const RESULT = /^ {2}(SUCCESS|FAILED:)$/m;
/** Milliseconds: those of the rules for jobs go through days. */
const TIMEOUT_MS = 300_000;

/** By the promtool of the running lab's Prometheus; undefined where that runs in no container of this machine. */
export async function findPromtool({ containers, labName }: LabOutputs): Promise<RunRuleTests | undefined> {
  const name = containers.find((container) => container.endsWith("prometheus"));
  if (name === undefined) {
    return undefined;
  }
  const { Config } = await dockerGet<{ Config: { Image: string } }>(`/containers/${urlSegment(name)}/json`);
  return (files, tests) => runInContainer({ image: Config.Image, lab: labName }, files, tests);
}

async function runInContainer(
  { image, lab }: Pick<TemporaryContainer, "image" | "lab">,
  files: ReadonlyMap<string, string>,
  tests: readonly string[],
): Promise<TestOutputs> {
  const entrypoint = ["promtool", "test", "rules", ...tests.map((file) => `${FOLDER}/${file}`)];
  // its series are files, too, and the root file system is read-only
  const env = [`TMPDIR=${FOLDER}`];
  const { code, output } = await withTemporaryContainer({ image, lab, entrypoint, env }, async (id) => {
    await putFiles(id, files);
    return runToEnd(id, TIMEOUT_MS);
  });
  return readOutputs(output, tests, code);
}

/** promtool's results in the order of the tests; all that it says for each where there are not as many. */
export function readOutputs(output: string, tests: readonly string[], code: number): TestOutputs {
  const text = output.replaceAll(`${FOLDER}/`, "");
  const [, ...parts] = text.split(RESULT);
  const results = parts.flatMap((part, index) =>
    index % 2 === 0 ? [{ result: part, words: parts[index + 1] ?? "" }] : [],
  );
  return new Map(
    tests.map((file, index) => {
      const { result, words } = results.length === tests.length ? (results[index] ?? {}) : {};
      return [file, { ok: code === 0 || result === PASSED, output: (words ?? text).replace(/^\n+/, "").trimEnd() }];
    }),
  );
}
