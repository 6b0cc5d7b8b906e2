import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";
import { OnePrometheusArgs, startPrometheus } from "./onePrometheus";

/** What a block of samples takes on disk. */
export interface BlockSize {
  readonly series: number;
  readonly samples: number;
  /** Of the samples themselves. */
  readonly bytesPerSample: number;
  /** Of the labels, once in a block however many samples it has. */
  readonly indexBytesPerSeries: number;
}

interface Meta {
  readonly stats: { readonly numSeries: number; readonly numSamples: number };
}

/** Prometheus' own are 2 hours, and are written once the head is half as old again. */
const BLOCK_MINUTES = 10;
const PAUSE_MS = 5_000;

/** Lets a Prometheus scrape until it has written its first block, which takes a quarter of an hour. */
export async function measureBlock(args: OnePrometheusArgs): Promise<BlockSize> {
  const duration = `${String(BLOCK_MINUTES)}m`;
  const flags = [`--storage.tsdb.min-block-duration=${duration}`, `--storage.tsdb.max-block-duration=${duration}`];
  const program = await startPrometheus({ ...args, flags });
  try {
    for (;;) {
      await setTimeout(PAUSE_MS);
      const [block] = blocksIn(path.join(args.folder, "data"));
      if (block !== undefined) {
        return sizeOf(block);
      }
    }
  } finally {
    await program.end();
  }
}

function blocksIn(data: string): readonly string[] {
  return fs
    .readdirSync(data)
    .map((name) => path.join(data, name))
    .filter((folder) => fs.existsSync(path.join(folder, "meta.json")));
}

function sizeOf(block: string): BlockSize {
  const { stats } = JSON.parse(fs.readFileSync(path.join(block, "meta.json"), "utf8")) as Meta;
  const chunks = path.join(block, "chunks");
  const bytes = fs.readdirSync(chunks).reduce((sum, file) => sum + fs.statSync(path.join(chunks, file)).size, 0);
  return {
    series: stats.numSeries,
    samples: stats.numSamples,
    bytesPerSample: bytes / stats.numSamples,
    indexBytesPerSeries: fs.statSync(path.join(block, "index")).size / stats.numSeries,
  };
}
