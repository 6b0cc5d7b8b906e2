import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { PROJECT } from "../../lib/shared/assets";

/** Of each kind that breaks by a carriage return: what a shell, Python, Prometheus, Make and Pulumi read. */
const FILES = ["scripts/setup", "assets/lab/teardown.sh", "assets/flask/app.py", "Makefile", "Pulumi.yaml"];

it("a checkout where git converts line ends has the files as they are in the repository", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-checkout-"));
  const git = (...args: string[]): void => {
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@example.org", ...args], {
      cwd: folder,
      stdio: "pipe",
    });
  };
  try {
    for (const file of [".gitattributes", ...FILES]) {
      fs.cpSync(path.join(PROJECT, file), path.join(folder, "repository", file));
    }
    git("init", "--quiet", "repository");
    git("-C", "repository", "add", "--all");
    git("-C", "repository", "commit", "--quiet", "--message", "all");
    git("clone", "--quiet", "--config", "core.autocrlf=true", "repository", "clone");
    const read = (file: string): string => fs.readFileSync(path.join(folder, "clone", file), "utf8");
    expect(FILES.filter((file) => read(file).includes("\r"))).toEqual([]);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
});
