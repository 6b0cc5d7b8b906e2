import { BlockSize } from "./block";
import { Load, Needs } from "./onePrometheus";
import { Cells } from "./table";

/** A row for each size and, after three of them or more, what the last would need by the two before it. */
export function loadTable(loads: readonly Load[]): Cells {
  const [small, large, last] = loads.length < 3 ? [] : loads.slice(-3);
  return {
    head: [
      "nodes",
      "series",
      "samples/s",
      "% of one core",
      "MiB resident",
      "MiB at most",
      "log, MiB/h",
      "scrape, ms (p99)",
      "interval, s (p99)",
      "down",
    ],
    rows: [
      ...loads.map(({ nodes, needs, scrape, intervalP99, down }) => [
        String(nodes),
        ...needCells(needs),
        `${(scrape.median * 1000).toFixed(0)} (${(scrape.p99 * 1000).toFixed(0)})`,
        intervalP99.toFixed(2),
        String(down),
      ]),
      ...(small === undefined || large === undefined || last === undefined
        ? []
        : [
            [
              `${String(last.nodes)}, from ${String(small.nodes)} and ${String(large.nodes)}`,
              ...needCells(extrapolate(small, large, last.nodes)),
              "",
              "",
              "",
            ],
          ]),
    ],
  };
}

/** What a block takes on disk. */
export function blockTable({ series, samples, bytesPerSample, indexBytesPerSeries }: BlockSize): Cells {
  return {
    head: ["block", "series", "samples", "bytes per sample", "bytes of the index per series"],
    rows: [["", String(series), String(samples), bytesPerSample.toFixed(2), indexBytesPerSeries.toFixed(0)]],
  };
}

/** What that many nodes need if each one more needs what each did between these two sizes. */
export function extrapolate(small: Load, large: Load, nodes: number): Needs {
  const line = (need: keyof Needs): number => {
    const perNode = (large.needs[need] - small.needs[need]) / (large.nodes - small.nodes);
    return large.needs[need] + (nodes - large.nodes) * perNode;
  };
  return {
    series: line("series"),
    samplesPerSecond: line("samplesPerSecond"),
    cpu: line("cpu"),
    memory: line("memory"),
    peakMemory: line("peakMemory"),
    logPerHour: line("logPerHour"),
  };
}

function needCells({ series, samplesPerSecond, cpu, memory, peakMemory, logPerHour }: Needs): readonly string[] {
  return [series, samplesPerSecond, cpu * 100, memory, peakMemory, logPerHour].map((value) =>
    value.toFixed(value < 10 ? 1 : 0),
  );
}
