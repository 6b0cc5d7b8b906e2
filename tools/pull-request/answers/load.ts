import { FLASK_PATHS } from "../../verify/checks";

/** Requests a second: enough that every scrape sees some, few enough for a small machine. */
const RATE = 4;
/**
 * How many of 50 requests go to each path. Errors and slow ones are few: with more of them the lab's own alerts about
 * the app would fire.
 */
const SHARES: Readonly<Record<string, number>> = { "/": 23, "/fast": 23, "/slow": 2, "/error": 2 };
const SEED = 19;
const TIMEOUT_MS = 10_000;

/** The paths that are asked for, without an end; every run has the same. */
export function* pathsOf(seed = SEED): Generator<string, never> {
  const random = randomNumbers(seed);
  const all = FLASK_PATHS.flatMap(([path]) => Array<string>(SHARES[path] ?? 0).fill(path));
  for (;;) {
    const left = [...all];
    while (left.length > 0) {
      const [path = "/"] = left.splice(Math.floor(random() * left.length), 1);
      yield path;
    }
  }
}

/** Numbers from 0 to below 1, always the same for a seed: a linear congruential generator, as of Numerical Recipes. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** An even load on the app of a lab, from the moment it answers. */
export class Load {
  /** When the app answered first, in milliseconds since the epoch. */
  since: number | undefined;
  private readonly paths = pathsOf();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param url Of the app; undefined as long as it is not known.
   */
  constructor(private readonly url: () => string | undefined) {
    this.timer = setInterval(() => void this.send(), 1000 / RATE);
    // what is measured must not keep a program that failed
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async send(): Promise<void> {
    const url = this.url();
    if (url === undefined) {
      return;
    }
    // the same paths from the first answer on, however long the app took to start
    const path = this.since === undefined ? "/fast" : this.paths.next().value;
    try {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      // an answer that is not read keeps its connection, and the app has a limit of those
      await response.arrayBuffer();
      this.since ??= Date.now();
    } catch {
      // an app that does not answer is not a failure: the change may be replacing it
    }
  }
}
