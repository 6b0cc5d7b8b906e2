/** Requests per second: some between any two scrapes, few enough for a small machine. */
const RATE = 4;
/**
 * The slow request and the error among every 25, by their place. With more of them the lab's own alerts about the app
 * would fire.
 */
const RARE: Readonly<Record<number, string>> = { 12: "/error", 24: "/slow" };
const TIMEOUT_MS = 10_000;

/** Endless sequence of request paths, the same in every run. */
export function* pathsOf(): Generator<string, never> {
  for (let count = 0; ; count++) {
    yield RARE[count % 25] ?? (count % 2 === 0 ? "/" : "/fast");
  }
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
