import { CHECKS } from "../../tools/verify/checks";
import { LabOutputs } from "../../tools/verify/lab";
import { serve } from "../support/servers";

/** What the check of the targets says if Prometheus has these besides the lab's own, which are up. */
async function verdict(more: readonly object[], pools: readonly string[] = ["flask_app", "own"]): Promise<unknown> {
  const target = (job: string): object => ({
    labels: { job },
    scrapePool: job,
    scrapeUrl: `http://${job}/metrics`,
    health: "up",
    lastError: "",
    scrapeInterval: "5s",
  });
  const activeTargets = [target("flask_app"), ...more.map((it) => ({ ...target("own"), ...it }))];
  const server = await serve({
    "/api/v1/targets?state=active": { body: JSON.stringify({ data: { activeTargets } }) },
    "/api/v1/scrape_pools": { body: JSON.stringify({ data: { scrapePools: pools } }) },
  });
  const lab = { prometheusUrl: server.url, containers: [], scrapeInterval: "5s" } as unknown as LabOutputs;
  try {
    return await CHECKS.find(({ name }) => name === "targets")?.run(lab);
  } finally {
    await server.close();
  }
}

describe("the check of the targets", () => {
  it("counts those that are up", async () => {
    expect(await verdict([{}])).toBe("2 up");
  });

  it.each([
    [{ health: "down", lastError: "connection refused", scrapeInterval: "1h" }, "connection refused"],
    [{ health: "unknown" }, "not scraped yet"],
    // this command waits for 35 s
    [{ health: "unknown", scrapeInterval: "30s" }, "not scraped yet"],
  ])("fails for one that is not: %j", async (target, reason) => {
    await expect(verdict([target])).rejects.toThrow(`own http://own/metrics: ${reason}`);
  });

  it("does not wait for the first scrape of a job with a long interval of its own", async () => {
    const target = { health: "unknown", scrapeInterval: "1h" };
    expect(await verdict([{}, target, target])).toBe("2 up; own not scraped yet, every 1h");
  });

  it("names the jobs that have none", async () => {
    expect(await verdict([], ["flask_app", "shop", "workers"])).toBe("1 up; no target for the jobs shop, workers");
  });
});
