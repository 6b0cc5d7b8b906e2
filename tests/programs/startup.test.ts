import { spawnSync } from "node:child_process";
import { PROJECT } from "../unit/fixtures";

/** What a program prints that starts as the lab's does. */
function print(expression: string): unknown {
  const preload = ["--require", "./components/startup.js", "--require", "sucrase/register/ts"];
  const { stdout, stderr } = spawnSync(process.execPath, [...preload, "--print", `JSON.stringify(${expression})`], {
    cwd: PROJECT,
    encoding: "utf8",
  });
  return JSON.parse(stdout || JSON.stringify(stderr)) as unknown;
}

describe("the start of the program", () => {
  it("leaves out what it never asks", () => {
    const left = "typescript|@npmcli.arborist|@pulumi.pulumi.automation|@opentelemetry.sdk-trace-node";
    const loaded = `Object.keys(require.cache).filter((it) => /node_modules.(${left})/.test(it))`;
    const tracing = `require("@pulumi/pulumi/cmd/run/tracing")`;
    expect(print(`(require("@pulumi/pulumi"), ${tracing}, ${loaded})`)).toEqual([]);
  });

  it("loads it when it is asked all the same", () => {
    expect(print(`require("typescript").SyntaxKind.ThisKeyword > 0`)).toBe(true);
    expect(print(`typeof new (require("@npmcli/arborist").Arborist)({ path: "." }).loadActual`)).toBe("function");
    expect(print(`typeof require("@pulumi/pulumi").automation.LocalWorkspace.create`)).toBe("function");
    const traced = `(tracing.start("http://127.0.0.1:9"), tracing.newSpan("span").constructor.name)`;
    expect(print(`((tracing) => ${traced})(require("@pulumi/pulumi/cmd/run/tracing"))`)).toBe("SpanImpl");
    expect(print(`require("@pulumi/pulumi").runtime.serializeFunction(() => 1).then !== undefined`)).toBe(true);
  });
});
