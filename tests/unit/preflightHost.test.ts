import fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findFolderProblems, findRemapped, findRootless, freeMib, nearest } from "../../lib/preflight/host";
import { LINUX, settingsWith } from "../support/fixtures";

const NEW = { environments: { flask: "it was missing", ansible: "it was missing" } };
const MADE = { environments: { flask: undefined, ansible: undefined } };

let base: string;

beforeEach(() => {
  base = fs.mkdtempSync(path.join(os.tmpdir(), "lab-folder-"));
});

afterEach(() => {
  fs.rmSync(base, { recursive: true });
});

describe("the lab's folder on the host", () => {
  it("may not exist yet", () => {
    expect(findFolderProblems(path.join(base, "state", "observability-lab"), NEW, {})).toStrictEqual([]);
  });

  it("must be absolute, as a relative one would depend on the working directory", () => {
    expect(findFolderProblems("state/observability-lab", NEW, { XDG_STATE_HOME: "state" })).toStrictEqual([
      {
        setting: "XDG_STATE_HOME",
        value: "state",
        problem: "is not an absolute path",
        fix: "set one that starts with /, or unset it",
      },
    ]);
  });

  it("is rejected below a file", () => {
    const file = path.join(base, "file");
    fs.writeFileSync(file, "");
    const folder = path.join(file, "observability-lab");
    expect(findFolderProblems(folder, NEW, { XDG_STATE_HOME: file })).toMatchObject([
      { value: file, problem: `cannot create files of the lab in ${folder}: ${file} is not a folder` },
    ]);
  });

  it("is rejected if this user may not write to it, or its disk is read-only", () => {
    jest.spyOn(fs, "accessSync").mockImplementation(() => {
      throw Object.assign(new Error(), { code: "EROFS" });
    });
    expect(findFolderProblems(base, NEW, {})).toMatchObject([
      { problem: expect.stringContaining("is read-only") as unknown },
    ]);
  });
});

describe("the disk of the lab's folder", () => {
  it("must have space only for the parts still to be created", () => {
    const spy = jest
      .spyOn(fs, "statfsSync")
      .mockReturnValue(Object.assign(fs.statfsSync(base), { bavail: 10, bsize: 1024 ** 2 }));
    expect(findFolderProblems(base, NEW, {})).toMatchObject([
      { problem: `${base} has 10 MiB left, which is too little for the lab's Python environments` },
    ]);
    expect(findFolderProblems(base, MADE, {})).toStrictEqual([]);
    spy.mockRestore();
    expect(freeMib(nearest(path.join(base, "nowhere")))).toBeGreaterThan(0);
  });
});

describe("a rootless Docker", () => {
  it("is rejected, as its networks have no address on the host", () => {
    const env = { DOCKER_HOST: "unix:///run/user/1000/docker.sock" };
    expect(findRootless({ ...LINUX, rootless: true }, env)).toMatchObject([
      { setting: "DOCKER_HOST", value: env.DOCKER_HOST, problem: expect.stringContaining("rootless") as unknown },
    ]);
    expect(findRootless(LINUX, {})).toStrictEqual([]);
  });
});

describe("Docker with userns-remap", () => {
  it("is rejected for a swarm, and for a webhook that only the host's network reaches", () => {
    const remapped = { ...LINUX, usersRemapped: true };
    const problems = (settings: Record<string, string>): string[] =>
      findRemapped(settingsWith(settings), remapped).map(({ setting }) => setting);
    expect(problems({})).toStrictEqual([]);
    expect(problems({ alertWebhook: "https://example.org/hook" })).toStrictEqual([]);
    const loopback = { alertWebhook: "http://127.0.0.1:9999/hook" };
    expect(problems({ ...loopback, engine: "swarm" })).toStrictEqual(["engine", "alertWebhook"]);
    expect(findRemapped(settingsWith(loopback), LINUX)).toStrictEqual([]);
    expect(findRemapped(settingsWith(loopback), { ...remapped, native: false })).toStrictEqual([]);
  });
});
