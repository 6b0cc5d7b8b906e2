import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";
import { describeOrigin } from "../../tools/pull-request/foreignReport";
import { checkOut, describeHead, findBase, toReadByHand } from "../../tools/pull-request/git";

let folder: string;
let project: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-git-"));
  project = path.join(folder, "project");
  fs.mkdirSync(project);
  git("init", "--quiet", "--initial-branch=main");
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true });
});

function git(...args: string[]): string {
  const author = ["-c", "user.name=Somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", ["-C", project, ...author, ...args], { encoding: "utf8", stdio: "pipe" }).trim();
}

/** Commits files, those with undefined removed; returns the commit. */
function commit(files: Readonly<Record<string, string | undefined>> = {}): string {
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(project, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    if (content === undefined) {
      fs.rmSync(file);
    } else {
      fs.writeFileSync(file, content);
    }
  }
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message", "Change something");
  return git("rev-parse", "HEAD");
}

describe("the base", () => {
  it("is where the change left the history of the name", () => {
    const start = commit({ a: "1" });
    git("checkout", "--quiet", "-b", "change");
    commit({ a: "2" });
    git("checkout", "--quiet", "main");
    const later = commit({ b: "1" });
    git("tag", "--annotate", "--message", "it", "v1");
    git("checkout", "--quiet", "change");
    for (const name of ["main", "v1", later, later.slice(0, 10), "HEAD~1"]) {
      expect(findBase(project, name)).toStrictEqual({ name, commit: start });
    }
  });

  it("is the commit itself where the histories have nothing in common", () => {
    const other = commit({ a: "1" });
    git("checkout", "--quiet", "--orphan", "change");
    commit({ b: "1" });
    expect(findBase(project, "main")).toStrictEqual({ name: "main", commit: other });
  });

  it.each(["none", "0", "0".repeat(40)])("is none for %s", (name) => {
    expect(findBase(project, name)).toBeUndefined();
  });

  it.each(["", "nowhere", "--all", "HEAD:a", "f".repeat(40)])("rejects %j, which is not a commit here", (name) => {
    commit({ a: "1" });
    expect(() => findBase(project, name)).toThrow(`BASE = ${JSON.stringify(name)}: is not a commit in this checkout`);
  });
});

describe("the head", () => {
  it("is named by its commit, and by what is not in it", () => {
    const head = commit({ a: "1" });
    expect(head.startsWith(describeHead(project))).toBe(true);
    fs.writeFileSync(path.join(project, "b"), "");
    expect(describeHead(project)).toMatch(/^[0-9a-f]+ with uncommitted changes$/);
  });
});

describe("a checkout of a commit", () => {
  const FILES = { "Pulumi.yaml": "name: lab\n", "package-lock.json": '{"lockfileVersion":3,"packages":{}}\n' };
  const checked = (): string => path.join(folder, "with a space", "base");
  const checkOutOf = (of: string): void => {
    checkOut(project, { name: "base", commit: of }, checked());
  };

  it("has its files, and the packages that are here where it asks for the same", () => {
    const base = commit({ ...FILES, a: "1" });
    commit({ a: "2", b: "1" });
    fs.mkdirSync(path.join(project, "node_modules"));
    checkOutOf(base);
    expect(fs.readdirSync(checked()).sort()).toStrictEqual(["Pulumi.yaml", "a", "node_modules", "package-lock.json"]);
    expect(fs.readFileSync(path.join(checked(), "a"), "utf8")).toBe("1");
    expect(fs.readlinkSync(path.join(checked(), "node_modules"))).toBe(path.join(project, "node_modules"));
  });

  it.each([
    ["is another", "{}"],
    ["is gone", undefined],
  ])("has packages of its own where the lock file of the change %s", (_, lock) => {
    const manifest = '{"name":"lab","version":"1.0.0","private":true}\n';
    const packages =
      '{"name":"lab","version":"1.0.0","lockfileVersion":3,"packages":{"":{"name":"lab","version":"1.0.0"}}}';
    const base = commit({ ...FILES, "package.json": manifest, "package-lock.json": packages });
    commit({ "package-lock.json": lock });
    checkOutOf(base);
    const installed = path.join(checked(), "node_modules");
    expect(fs.existsSync(installed) && fs.lstatSync(installed).isSymbolicLink()).toBe(false);
  });

  it.each(["Pulumi.yaml", "package-lock.json"])("is refused of one without %s", (name) => {
    const base = commit({ ...FILES, [name]: "" });
    const without = commit({ [name]: undefined });
    expect(() => {
      checkOutOf(without);
    }).toThrow(`the commit has no ${name}`);
    expect(base).not.toBe(without);
  });
});

describe("the files to review", () => {
  it("include a moved file under its old name, and each makefile", () => {
    const base = { name: "main", commit: commit({ "policy/policies.ts": "a policy\n".repeat(9), Makefile: "" }) };
    fs.mkdirSync(path.join(project, "old"));
    git("mv", "policy/policies.ts", "old/policies.ts");
    commit({ GNUmakefile: "all:\n" });
    expect(toReadByHand(project, base)).toStrictEqual([
      "- the policies: `policy/policies.ts`",
      "- the code that makes this report: `GNUmakefile`",
    ]);
  });

  it("include the code of the report and its imports", () => {
    const sources = importedBy(
      "tools/pull-request/main.ts",
      "tools/pull-request/drift.ts",
      "tools/verify/main.ts",
      "scripts/workflow/comment.ts",
      "policy/program.ts",
    );
    expect(sources.length).toBeGreaterThan(60);
    expect(sources.filter((name) => !describeOrigin([name]).includes("changes the code"))).toStrictEqual([]);
  });
});

/** These files of this checkout, with all that they import of it. */
function importedBy(...files: string[]): string[] {
  const found = new Set(files);
  for (const file of found) {
    const source = fs.readFileSync(path.join(PROJECT, file), "utf8");
    for (const [, imported = ""] of source.matchAll(/ from "(\.[^"]*)"/g)) {
      const name = path.join(path.dirname(file), imported);
      found.add(
        [`${name}.ts`, path.join(name, "index.ts")].find((it) => fs.existsSync(path.join(PROJECT, it))) ?? name,
      );
    }
  }
  return [...found].sort();
}
