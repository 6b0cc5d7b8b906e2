import fc from "fast-check";
import { containerNeed, metric } from "../../tools/bench/idle";
import { differences } from "../../tools/bench/parity";
import { noise, spread, summarize } from "../../tools/bench/statistics";
import { extraJob, serveTargets } from "../../tools/bench/targets";

describe("summarize", () => {
  it.each([
    [[3], { median: 3, min: 3, max: 3 }],
    [[5, 1, 3], { median: 3, min: 1, max: 5 }],
    [[4, 1, 2, 9], { median: 3, min: 1, max: 9 }],
  ])("summarizes %j", (values, expected) => {
    expect(summarize(values)).toEqual({ ...expected, values });
  });

  it("has a median between the extremes, whatever the order", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1 }), (values) => {
        const { median, min, max } = summarize(values);
        expect(min <= median && median <= max).toBe(true);
        expect(summarize([...values].reverse()).median).toBe(median);
      }),
    );
  });
});

describe("noise", () => {
  const calm = summarize([10, 10.5, 11]);
  const wide = summarize([10, 10, 14]);

  it("finds nothing in short measures that differ by less than can be told", () => {
    expect(noise(0, 2, [["panel", summarize([0.1, 0.2])]])).toEqual([]);
  });

  it("finds nothing in rounds that are alike on an idle machine", () => {
    expect(noise(0.4, 2, [["up", calm]])).toEqual([]);
  });

  it("names other work, and each measure whose rounds are far apart", () => {
    expect(spread(wide)).toBe(0.4);
    expect(
      noise(1.5, 2, [
        ["up", calm],
        ["destroy", wide],
      ]),
    ).toEqual([
      "the load average was 1.50 at the start, on 2 cores",
      "destroy: the rounds are 40 % of the median apart",
    ]);
  });
});

describe("differences", () => {
  it("tells what the one and what the other has", () => {
    expect(differences("same\nours", "theirs\nsame")).toEqual(["- ours", "+ theirs"]);
  });
});

describe("metric", () => {
  const exposed = '# HELP a b\na 2\nab 5\nc{x="1"} 1.5e3\nc{x="2"} 1\n';

  it.each([
    ["a", 2],
    ["c", 1501],
    ["d", NaN],
  ])("sums the samples of %s", (name, expected) => {
    expect(metric(exposed, name)).toBe(expected);
  });
});

describe("containerNeed", () => {
  const cpu_stats = { cpu_usage: { total_usage: 2.5e9 } };

  it.each([
    ["1", { total_inactive_file: 1024 * 1024, inactive_file: 5 }],
    ["2", { inactive_file: 1024 * 1024 }],
  ])("leaves out the cache that may go, with cgroup %s", (_, stats) => {
    const need = containerNeed({ cpu_stats, memory_stats: { usage: 11 * 1024 * 1024, stats } });
    expect(need).toEqual({ cpuSeconds: 2.5, memory: 10 });
  });
});

describe("serveTargets", () => {
  it("answers as each target of the job until it is ended", async () => {
    const { targets } = extraJob(2) as { targets: string[] };
    const urls = targets.map((target) => `http://${target.replace("host.docker.internal", "127.0.0.1")}/metrics`);
    const end = serveTargets(2, "127.0.0.1");
    const answers = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
    end();
    expect(answers).toEqual(["bench_target 1\n", "bench_target 1\n"]);
    await expect(fetch(urls[0] ?? "")).rejects.toThrow();
  });
});
