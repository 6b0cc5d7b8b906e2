import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../support/fixtures";

/** What a program prints that starts as the lab's does; the value of a promise once it settles. */
function print(expression: string): unknown {
  const preload = ["--require", "./lib/runtime/startup.js", "--require", "./lib/runtime/stripTypes.js"];
  const program = `Promise.resolve(${expression}).then((value) => console.log(JSON.stringify(value)))`;
  const { stdout, stderr } = spawnSync(process.execPath, [...preload, "--eval", program], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  return JSON.parse(stdout || JSON.stringify(stderr)) as unknown;
}

describe("the start of the program", () => {
  it("leaves out what it never asks", () => {
    const left = [
      "typescript",
      "@npmcli.arborist",
      "normalize-package-data",
      "@pulumi.pulumi.automation",
      "@opentelemetry.sdk-trace-node",
      "@grafana.grafana-foundation-sdk.dist.dashboardv2",
    ].join("|");
    const loaded = `Object.keys(require.cache).filter((it) => /node_modules.(${left})/.test(it))`;
    const tracing = `require("@pulumi/pulumi/cmd/run/tracing")`;
    expect(print(`(require("./components/lab"), ${tracing}, ${loaded})`)).toEqual([]);
  });

  it("loads it when it is asked all the same", () => {
    expect(print(`require("typescript").SyntaxKind.ThisKeyword > 0`)).toBe(true);
    expect(print(`typeof new (require("@npmcli/arborist").Arborist)({ path: "." }).loadActual`)).toBe("function");
    expect(print(`typeof require("@pulumi/pulumi").automation.LocalWorkspace.create`)).toBe("function");
    const traced = `(tracing.start("http://127.0.0.1:9"), tracing.newSpan("span").constructor.name)`;
    expect(print(`((tracing) => ${traced})(require("@pulumi/pulumi/cmd/run/tracing"))`)).toBe("SpanImpl");
    expect(print(`require("@pulumi/pulumi").runtime.computeCodePaths({}).then(({ size }) => size > 0)`)).toBe(true);
    expect(print(`require("@pulumi/pulumi").runtime.serializeFunction(() => 1).then(({ text }) => text)`)).toMatch(
      "return () => 1",
    );
  });

  it("sends the debug messages of a moment in one request", () => {
    const sent = `(({ log }, sent = []) => {
      require("@pulumi/pulumi/runtime/settings").getEngine = () => ({
        log: (request, response) => response(undefined, sent.push(request.getMessage())),
      });
      ["one", "two"].forEach((message) => log.debug(message));
      return new Promise((resolve) => setTimeout(() => resolve(sent), 100));
    })(require("@pulumi/pulumi"))`;
    expect(print(sent)).toEqual(["one\ntwo"]);
  });

  it("records no stack of each promise that Pulumi tracks, and those of errors", () => {
    const stacks = `((it, { debuggablePromise }) => (
      debuggablePromise(it, "context"), [it._debugStackTrace, new Error("own").stack.includes("at ")]
    ))(Promise.resolve(), (require("@pulumi/pulumi"), require("@pulumi/pulumi/runtime/debuggable")))`;
    expect(print(stacks)).toEqual(["Error", true]);
  });
});

describe("a source stripped of its types", () => {
  let checkout: string;
  let source: string;
  const preloaded = path.join("lib", "runtime", "stripTypes.js");

  beforeEach(() => {
    checkout = fs.mkdtempSync(path.join(os.tmpdir(), "lab-stripped-"));
    fs.cpSync(path.join(PROJECT, preloaded), path.join(checkout, preloaded));
    fs.symlinkSync(path.join(PROJECT, "node_modules"), path.join(checkout, "node_modules"));
    source = path.join(checkout, "program.ts");
    fs.writeFileSync(source, "const text: string = 'one';\nconsole.log(text);\n");
  });

  afterEach(() => {
    fs.rmSync(checkout, { recursive: true, force: true });
  });

  function run(LAB_STATE_DIR = ""): string {
    const args = ["--require", path.join(checkout, preloaded), source];
    return execFileSync(process.execPath, args, { encoding: "utf8", env: { ...process.env, LAB_STATE_DIR } }).trim();
  }

  function kept(place = ".lab"): string {
    const folder = path.join(checkout, place, "stripped");
    const [name = "", ...others] = fs.readdirSync(folder);
    expect(others).toEqual([]);
    return path.join(folder, name);
  }

  it("is kept, and taken the next time", () => {
    expect(run()).toBe("one");
    fs.writeFileSync(kept(), fs.readFileSync(kept(), "utf8").replace("'one'", "'kept'"));
    expect(run()).toBe("kept");
  });

  it("is not taken of a source that has changed", () => {
    run();
    fs.writeFileSync(source, fs.readFileSync(source, "utf8").replace("one", "two"));
    expect(run()).toBe("two");
  });

  it.each([0, 10])("is not taken where only %d characters of it were written", (length) => {
    run();
    fs.truncateSync(kept(), length);
    expect(run()).toBe("one");
  });

  it("is the checkout's for a lab with a folder of its own, too", () => {
    run();
    fs.writeFileSync(kept(), fs.readFileSync(kept(), "utf8").replace("'one'", "'kept'"));
    expect(run(path.join(checkout, "own"))).toBe("kept");
  });

  it.each([
    ["there is none", () => undefined],
    [
      "others can write there",
      () => {
        fs.mkdirSync(path.join(checkout, ".lab"));
        fs.chmodSync(path.join(checkout, ".lab"), 0o777);
      },
    ],
  ])("is the lab's own instead of the checkout's if %s", (_, prepare) => {
    prepare();
    expect(run(path.join(checkout, "own"))).toBe("one");
    expect(fs.existsSync(kept("own"))).toBe(true);
    expect(fs.existsSync(path.join(checkout, ".lab", "stripped"))).toBe(false);
  });

  it("is not needed where nothing can be kept", () => {
    fs.writeFileSync(path.join(checkout, ".lab"), "a file");
    expect(run()).toBe("one");
  });
});
