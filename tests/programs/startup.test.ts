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
    const loaded = `Object.keys(require.cache).filter((it) => /node_modules.(typescript|@npmcli.arborist)/.test(it))`;
    expect(print(`(require("@pulumi/pulumi"), ${loaded})`)).toEqual([]);
  });

  it("loads it when it is asked all the same", () => {
    expect(print(`require("typescript").SyntaxKind.ThisKeyword > 0`)).toBe(true);
    expect(print(`typeof new (require("@npmcli/arborist").Arborist)({ path: "." }).loadActual`)).toBe("function");
    expect(print(`require("@pulumi/pulumi").runtime.serializeFunction(() => 1).then !== undefined`)).toBe(true);
  });
});
