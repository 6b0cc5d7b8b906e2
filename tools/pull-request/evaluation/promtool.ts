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

/** promtool's result by test file. */
export type TestOutputs = ReadonlyMap<string, { readonly ok: boolean; readonly output: string }>;

/**
 * Runs promtool's tests of rules.
 *
 * @param files Texts by path, including the tests.
 * @throws LabError if Docker cannot run it, for example if the image lacks promtool.
 */
export type RunRuleTests = (files: ReadonlyMap<string, string>, tests: readonly string[]) => Promise<TestOutputs>;

const PASSED = "SUCCESS";
/** First line of a file's result; its errors follow. */
const RESULT = /^ {2}(SUCCESS|FAILED:)$/m;
/** The tests of the rules for jobs simulate days. */
const TIMEOUT_MS = 300_000;

/** Uses the promtool of the lab's Prometheus; undefined if that has no container on this machine. */
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
  // promtool writes its series to files, and the root file system is read-only
  const env = [`TMPDIR=${FOLDER}`];
  const { code, output } = await withTemporaryContainer({ image, lab, entrypoint, env }, async (id) => {
    await putFiles(id, files);
    return runToEnd(id, TIMEOUT_MS);
  });
  return readOutputs(output, tests, code);
}

/** promtool's result per test; the whole output for each if the number of results differs. */
export function readOutputs(output: string, tests: readonly string[], code: number): TestOutputs {
  const text = output.replaceAll(`${FOLDER}/`, "");
  const [, ...parts] = text.split(RESULT);
  const results = parts.flatMap((part, index) =>
    index % 2 === 0 ? [{ result: part, message: parts[index + 1] ?? "" }] : [],
  );
  return new Map(
    tests.map((file, index) => {
      const { result, message } = results.length === tests.length ? (results[index] ?? {}) : {};
      return [file, { ok: code === 0 || result === PASSED, output: (message ?? text).replace(/^\n+/, "").trimEnd() }];
    }),
  );
}
