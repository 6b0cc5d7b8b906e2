import * as fs from "node:fs";
import * as path from "node:path";
import { RULES } from "../../../lib/shared/alertRules";
import { objectsIn, readYaml } from "../report/differences";
import { TextPair } from "../report/format";
import { Notification } from "./notification";
import { RunRuleTests } from "./promtool";
import { textsOf } from "./rules";

/** The result of a file with promtool tests of rules. */
export interface RuleTest {
  /** Below `assets/prometheus/`, such as `tests/host.test.yml`. */
  readonly file: string;
  readonly ok: boolean;
  /** promtool's output; empty if the test passed. */
  readonly output: string;
}

export interface RuleTests {
  readonly tests: readonly RuleTest[];
  /** Changed rule files without a test. */
  readonly untested: readonly string[];
  /** By alert, the first expected notification of a passing test: the alert's text with the test's series. */
  readonly examples: ReadonlyMap<string, Notification>;
}

interface TestFile {
  readonly file: string;
  readonly text: string;
  /** Whether it loads a rule file. */
  readonly loads: (name: string) => boolean;
}

const RULES_FOLDER = path.join("assets", "prometheus");
const TESTS = "tests";
export const NO_TESTS: RuleTests = { tests: [], untested: [], examples: new Map() };

/**
 * Runs the promtool tests of a checkout for changed rule files, with the rules of the checkout.
 *
 * @throws LabError if Docker cannot run promtool.
 */
export async function testRules(checkout: string, run: RunRuleTests, files: readonly TextPair[]): Promise<RuleTests> {
  const changed = files.filter(({ name }) => name.endsWith(RULES));
  const all = readTests(checkout);
  const relevant = all
    .map((test) => ({ ...test, rules: changed.map(({ name }) => name).filter(test.loads) }))
    .filter(({ rules }) => rules.length > 0);
  const untested = changed.filter(
    ({ name, after }) => after !== undefined && !relevant.some(({ rules }) => rules.includes(name)),
  );
  if (relevant.length === 0) {
    return { ...NO_TESTS, untested: untested.map(({ name }) => name) };
  }
  const texts = new Map([...readFolder(checkout, "."), ...all.map(({ file, text }) => [file, text] as const)]);
  const outputs = await run(
    texts,
    relevant.map(({ file }) => file),
  );
  const tests = relevant.map(({ file }) => {
    const { ok = false, output = "" } = outputs.get(file) ?? {};
    return { file, ok, output: ok ? "" : output };
  });
  const passed = relevant.filter((_, index) => tests[index]?.ok);
  return {
    tests,
    untested: untested.map(({ name }) => name),
    examples: new Map(passed.flatMap(({ text }) => examplesIn(text)).reverse()),
  };
}

function readTests(checkout: string): readonly TestFile[] {
  return readFolder(checkout, TESTS).map(([file, text]) => {
    const { rule_files: names } = readYaml(text) ?? {}; // of invalid YAML, the rule files are unknown
    const patterns = Array.isArray(names) ? names.map((name) => toRegExp(path.join(TESTS, String(name)))) : [];
    return { file, text, loads: (name) => patterns.some((pattern) => pattern.test(name)) };
  });
}

/** A path of promtool, which may have the wildcards `*` and `?`. */
function toRegExp(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", "[^/]*").replaceAll("?", "[^/]")}$`);
}

/** YAML files of a folder relative to the rules; empty if the folder does not exist. */
function readFolder(checkout: string, folder: string): readonly (readonly [string, string])[] {
  const full = path.join(checkout, RULES_FOLDER, folder);
  const entries = fs.existsSync(full) ? fs.readdirSync(full, { withFileTypes: true }) : [];
  return entries
    .filter((entry) => entry.isFile() && /\.ya?ml$/.test(entry.name))
    .map(({ name }) => [path.join(folder, name), fs.readFileSync(path.join(full, name), "utf8")] as const)
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** Expected alerts of a test file, in order. */
function examplesIn(text: string): readonly (readonly [string, Notification])[] {
  return objectsIn(readYaml(text)?.tests)
    .flatMap((group) => objectsIn(group.alert_rule_test))
    .flatMap(({ alertname, exp_alerts: alerts }) =>
      objectsIn(alerts).map(
        ({ exp_labels: labels, exp_annotations: annotations }) =>
          [String(alertname), { labels: textsOf(labels), annotations: textsOf(annotations) }] as const,
      ),
    );
}
