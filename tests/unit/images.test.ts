import * as path from "node:path";
import { findMissingImages, imagesOf, nameInOffline } from "../../lib/preflight/images";
import { readStackFiles } from "../../lib/settings/stackFiles";
import { describeProblemAndFix } from "../../lib/shared/problems";
import { PROJECT, settingsWith } from "../support/fixtures";
import { serveDocker, TestServer } from "../support/servers";

const ALWAYS = ["cadvisorImage", "grafanaImage", "nodeExporterImage", "prometheusImage", "pushgatewayImage"];

describe("the images of a lab", () => {
  const settings = (changes: Record<string, string>): string[] =>
    imagesOf(settingsWith(changes))
      .map(({ setting }) => setting)
      .sort();

  it("are five, and Alertmanager's where there is a webhook", () => {
    expect(settings({})).toEqual(ALWAYS);
    expect(settings({ webPassword: "long enough", nodeExporterNetwork: "host" })).toEqual(ALWAYS);
    expect(settings({ alertWebhook: "https://example.org" })).toEqual(["alertmanagerImage", ...ALWAYS]);
  });

  it("are Caddy's too in a swarm", () => {
    expect(settings({ engine: "swarm" })).toEqual([...ALWAYS, "swarmDiscoveryImage"].sort());
  });

  it("have a name in offline/ where that builds them", () => {
    const { settings: offline } = readStackFiles([path.join(PROJECT, "Pulumi.offline.yaml")]);
    expect(imagesOf(offline).map(({ image }) => nameInOffline(image))).toEqual([
      "prometheus",
      "grafana",
      "node-exporter",
      "cadvisor",
      "pushgateway",
    ]);
  });
});

describe("an image that only offline/ builds", () => {
  const offline = "observability-lab/alertmanager:offline";
  const settings = settingsWith({ alertWebhook: "https://example.org", alertmanagerImage: offline });
  let engine: TestServer;

  afterEach(() => engine.close());

  it("is a fault where it has not been built, with the command that builds it", async () => {
    engine = await serveDocker({});
    expect((await findMissingImages(settings)).map(describeProblemAndFix)).toEqual([
      'alertmanagerImage = "observability-lab/alertmanager:offline": is built on this machine and does not exist yet; ' +
        "run make setup, or offline/build images alertmanager",
    ]);
    expect(engine.asked).toEqual([`/images/${offline}/json`]);
  });

  it("is none where it is here, or nothing asks for it", async () => {
    engine = await serveDocker({ [`/images/${offline}/json`]: { body: "{}" } });
    expect(await findMissingImages(settings)).toEqual([]);
    expect(await findMissingImages(settingsWith({ alertmanagerImage: offline }))).toEqual([]);
    expect(engine.asked).toHaveLength(1);
  });
});
