import { LabOutputs } from "../../tools/verify/lab";
import { remoteWriteChecks } from "../../tools/verify/remoteWrite";
import { serve, TestServer } from "../support/servers";

const [A, B] = ["https://a.example.org/write", "https://b.example.org/write"] as const;
const SENT = "sum by (url) (irate(prometheus_remote_storage_samples_total[20s]))";
const REFUSED = "sum by (url) (irate(prometheus_remote_storage_samples_failed_total[20s]))";
const BEHIND = "min by (url) (time() - prometheus_remote_storage_queue_highest_sent_timestamp_seconds)";

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

/** What the check says of these receivers where Prometheus answers so, by query and url. */
async function ask(
  responses: Readonly<Record<string, Readonly<Record<string, number>>>>,
  scrapeInterval = "5s",
): Promise<unknown> {
  const routes = [SENT, REFUSED, BEHIND, ...Object.keys(responses)].map((query) => {
    const result = Object.entries(responses[query] ?? {}).map(([url, value]) => ({
      metric: { url },
      value: [0, String(value)],
    }));
    return [
      `/api/v1/query?query=${encodeURIComponent(query)}`,
      { body: JSON.stringify({ data: { result } }) },
    ] as const;
  });
  server = await serve(Object.fromEntries(routes));
  const lab = { prometheusUrl: server.url, scrapeInterval, remoteWrite: [A, B] } as unknown as LabOutputs;
  const [check] = remoteWriteChecks(lab);
  return check?.run(lab);
}

describe("the check of remote write", () => {
  it("reports the state of every receiver", async () => {
    const responses = {
      [SENT]: { [A]: 120.4, [B]: 119.6 },
      [REFUSED]: { [A]: 0, [B]: 0 },
      [BEHIND]: { [A]: 4, [B]: 20 },
    };
    expect(await ask(responses)).toBe(`${A} receives 120 samples/s, ${B} receives 120 samples/s`);
  });

  it("asks in durations without a decimal point, which PromQL does not have", async () => {
    const of = (query: string): string => query.replace("20s", "1s200ms");
    const responses = {
      [of(SENT)]: { [A]: 9, [B]: 8 },
      [of(REFUSED)]: { [A]: 0, [B]: 0 },
      [BEHIND]: { [A]: 4, [B]: 4 },
    };
    expect(await ask(responses, "300ms")).toBe(`${A} receives 9 samples/s, ${B} receives 8 samples/s`);
  });

  it("fails for a receiver that refuses, though its samples count as sent", async () => {
    const responses = { [SENT]: { [A]: 120, [B]: 120 }, [REFUSED]: { [A]: 120, [B]: 0 }, [BEHIND]: { [A]: 4, [B]: 4 } };
    await expect(ask(responses)).rejects.toThrow(new RegExp(`^${A} rejects samples$`));
  });

  it("fails for one that is behind, and for one that Prometheus does not know", async () => {
    await expect(ask({ [BEHIND]: { [A]: 21 } })).rejects.toThrow(
      `${A} received no sample of the last 20 s; ${B} received no sample of the last 20 s`,
    );
  });

  it("is not made in a lab without receivers, nor for the stand-ins of a preview", () => {
    const checks = (remoteWrite?: readonly string[]) =>
      remoteWriteChecks({ remoteWrite } as unknown as LabOutputs).map(({ name }) => name);
    expect(checks()).toEqual([]);
    expect(checks(["http://abc.invalid"])).toEqual([]);
    expect(checks(["http://abc.invalid", A])).toEqual(["remote write"]);
  });
});
