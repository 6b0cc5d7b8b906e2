import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { repairTime } from "../../lib/drift/repairTime";

const LAB = "my-observability-lab";

let folder: string;
let clock = 0;

beforeEach(() => {
  folder = path.join(fs.mkdtempSync(path.join(os.tmpdir(), "repair-time-")), "state");
  jest.useFakeTimers({ now: clock });
});

afterEach(() => {
  jest.useRealTimers();
  fs.rmSync(path.dirname(folder), { recursive: true });
});

/** The time that the repairs of a preview or an update carry; every run is at another moment. */
function preview(lab = LAB): string {
  jest.setSystemTime(++clock);
  return repairTime(lab, true, folder)();
}

function update(lab = LAB): string {
  jest.setSystemTime(++clock);
  return repairTime(lab, false, folder)();
}

describe("the time that repairs carry", () => {
  it("is the same in one run", () => {
    const time = repairTime(LAB, false, folder);
    const first = time();
    jest.setSystemTime(++clock);
    expect(time()).toBe(first);
  });

  it("is that of the first preview in all previews and the update after them", () => {
    const first = preview();
    expect(first).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect([preview(), update()]).toStrictEqual([first, first]);
  });

  it("differs in each update, with a preview and without one", () => {
    const times = [update(), update(), (preview(), update()), (preview(), update()), update()];
    expect(new Set(times).size).toBe(times.length);
  });

  it("does not include other labs", () => {
    const first = preview();
    expect(update("observability-lab")).not.toBe(first);
    expect(update()).toBe(first);
  });

  it("writes nothing without drift, and leaves nothing after an update", () => {
    repairTime(LAB, true, folder);
    expect(fs.existsSync(folder)).toBe(false);
    preview();
    expect(fs.readdirSync(folder)).toHaveLength(1);
    update();
    expect(fs.readdirSync(folder)).toStrictEqual([]);
  });

  it("is not read from a truncated file", () => {
    fs.mkdirSync(folder);
    fs.writeFileSync(path.join(folder, `repairs-${LAB}`), "1970-01");
    expect(preview()).toBe(new Date(clock).toISOString());
  });

  it("differs in each run if the file cannot be written or removed", () => {
    fs.writeFileSync(folder, "");
    const times = [preview(), update(), update()];
    expect(new Set(times).size).toBe(times.length);
    fs.rmSync(folder);
    // a folder in its place: a file that cannot be removed, whoever runs the test
    fs.mkdirSync(path.join(folder, `repairs-${LAB}`, "full"), { recursive: true });
    expect(update()).not.toBe(update());
  });
});
