import { FLASK_PATHS } from "../../verify/checks";

/** Requests per second: some between any two scrapes, few enough for a small machine. */
const RATE = 4;
/**
 * Requests per path of every 50. With more errors and slow requests the lab's own alerts about the app would fire.
 */
const SHARES: Readonly<Record<string, number>> = { "/": 23, "/fast": 23, "/slow": 2, "/error": 2 };
const SEED = 19;
const TIMEOUT_MS = 10_000;

/** Endless sequence of request paths, the same in every run. */
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

/** Reproducible numbers in [0, 1): the linear congruential generator of Numerical Recipes. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** A steady load on a lab's app, from its first response. */
export class Load {
  /** Time of the app's first response, in milliseconds since the epoch. */
  since: number | undefined;
  private readonly paths = pathsOf();
  private readonly timer: NodeJS.Timeout;

  /**
   * @param url URL of the app; undefined while it is unknown.
   */
  constructor(private readonly url: () => string | undefined) {
    this.timer = setInterval(() => void this.send(), 1000 / RATE);
    // the timer must not keep a failed program running
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
    // the sequence starts with the first response, independently of the app's start time
    const path = this.since === undefined ? "/fast" : this.paths.next().value;
    try {
      const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
      // an unread body would hold one of the app's limited connections
      await response.arrayBuffer();
      this.since ??= Date.now();
    } catch {
      // not an error: the change may be replacing the app
    }
  }
}
