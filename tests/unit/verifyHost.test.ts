import { collectorErrors, hostReported } from "../../tools/verify/host";
import { getJson, LabOutputs } from "../../tools/verify/lab";
import { serve } from "../support/servers";

/** A line of node_exporter 1.12 about a collector. */
function line(name: string, error: string): string {
  return `time=2026-11-27T09:46:54.127Z level=ERROR source=collector.go:168 msg="collector failed" name=${name} duration_seconds=0.0001 err=${error}`;
}

describe("the errors of collectors", () => {
  it("are the last ones of each, without the other lines of the log", () => {
    const log = [
      "time=2026-11-27T09:46:54.127Z level=INFO source=node_exporter.go:142 msg=zfs",
      line("systemd", '"couldn\'t get dbus connection: dial unix: connection refused"'),
      line("hwmon", "EOF"),
      line("systemd", '"couldn\'t get units: \\"none\\""'),
    ].join("\n");
    expect(collectorErrors(log)).toEqual(
      new Map([
        ["systemd", 'couldn\'t get units: "none"'],
        ["hwmon", "EOF"],
      ]),
    );
  });

  it("are empty if a collector finds nothing", () => {
    expect(collectorErrors('level=DEBUG msg="collector returned no data" name=hwmon')).toEqual(new Map());
  });

  // no AppArmor is at hand where the tests run: the text is dbus-daemon's, as node_exporter passes it on
  it("name AppArmor if it keeps containers from D-Bus", () => {
    const error =
      '"couldn\'t get units: An AppArmor policy prevents this sender from sending this message to this recipient; type=\\"method_call\\""';
    expect(collectorErrors(line("systemd", error)).get("systemd")).toMatch(/^AppArmor denies containers D-Bus/);
  });
});

it("the check of the host asks only for the lab's own node_exporter", async () => {
  const found = (metric: object): { body: string } => ({
    body: JSON.stringify({ data: { result: [{ metric, value: [0, "7"] }] } }),
  });
  const path = (query: string): string => `/api/v1/query?query=${encodeURIComponent(query)}`;
  const server = await serve({
    [path('count by (device) (node_network_info{job="linux_host"})')]: found({ device: "eth0" }),
    [path('sum(node_processes_state{job="linux_host"})')]: found({}),
    [path('node_scrape_collector_success{job="linux_host"} == 0')]: { body: '{"data":{"result":[]}}' },
  });
  const lab = { prometheusUrl: server.url, containers: [], nodeExporterNetwork: "lab" } as unknown as LabOutputs;
  await expect(hostReported(lab)).resolves.toMatch(/^7 processes;.*\(eth0\)$/);
  await server.close();
});

it("an error of a program is reported with its reason, if it names one", async () => {
  const server = await serve({ "/a": { status: 400, body: " parse error\n" }, "/b": { status: 503, body: "" } });
  await expect(getJson(`${server.url}/a`)).rejects.toThrow(new Error(`${server.url}/a returned 400: parse error`));
  await expect(getJson(`${server.url}/b`)).rejects.toThrow(new Error(`${server.url}/b returned 503`));
  await server.close();
});
