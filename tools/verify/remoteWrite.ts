import { NOWHERE } from "../../lib/shared/names";
import { seconds, writeDuration } from "../../lib/shared/duration";
import { Check, CheckError, LabOutputs, queryPrometheus } from "./lab";

/** Prefix of Prometheus' metrics of remote write; each has the label `url`. */
const STORAGE = "prometheus_remote_storage";
/** Scrapes in a window that contains two samples of Prometheus itself even if one is missed. */
const SCRAPES = 4;
/** Seconds for which Prometheus batches samples, and as long again for a slow receiver. */
const SEND_TIME = 10;

/** The check of remote write; none without receivers, or if a preview's stand-ins replace them. */
export function remoteWriteChecks({ remoteWrite = [] }: LabOutputs): readonly Check[] {
  const urls = remoteWrite.filter((url) => !new URL(url).hostname.endsWith(NOWHERE));
  return urls.length === 0 ? [] : [{ name: "remote write", run: (lab) => receiversTake(lab, urls) }];
}

/** Whether every receiver accepts current samples. */
async function receiversTake(lab: LabOutputs, urls: readonly string[]): Promise<string> {
  const interval = seconds(lab.scrapeInterval);
  const window = `[${writeDuration(SCRAPES * interval)}]`;
  const [sent, refused, behind] = await Promise.all([
    queryByUrl(lab, `sum by (url) (irate(${STORAGE}_samples_total${window}))`),
    // a rejected batch counts as sent, too
    queryByUrl(lab, `sum by (url) (irate(${STORAGE}_samples_failed_total${window}))`),
    // for some minutes the series of a replaced queue remain
    queryByUrl(lab, `min by (url) (time() - ${STORAGE}_queue_highest_sent_timestamp_seconds)`),
  ]);
  const limit = SEND_TIME + 2 * interval;
  const problems = urls.flatMap((url) => {
    if ((refused.get(url) ?? 0) > 0) {
      return [`${url} rejects samples`];
    }
    return (behind.get(url) ?? Infinity) > limit ? [`${url} received no sample of the last ${String(limit)} s`] : [];
  });
  if (problems.length > 0) {
    throw new CheckError(problems.join("; "), "read Prometheus' log with make logs; fix remoteWrite or the receiver");
  }
  return urls.map((url) => `${url} receives ${(sent.get(url) ?? 0).toFixed(0)} samples/s`).join(", ");
}

async function queryByUrl(lab: LabOutputs, query: string): Promise<ReadonlyMap<string, number>> {
  const samples = await queryPrometheus(lab, query);
  return new Map(samples.map(({ metric, value }) => [metric.url ?? "", Number(value[1])]));
}
