import { collectorErrors } from "../../tools/verify/host";

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
