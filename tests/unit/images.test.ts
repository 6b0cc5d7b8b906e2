import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findMissingImages, imagesOf, nameInOffline, pullImages } from "../../lib/preflight/images";
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

  it("are five, and Alertmanager's with a webhook", () => {
    expect(settings({})).toEqual(ALWAYS);
    expect(settings({ webPassword: "long enough", nodeExporterNetwork: "host" })).toEqual(ALWAYS);
    expect(settings({ alertWebhook: "https://example.org" })).toEqual(["alertmanagerImage", ...ALWAYS]);
  });

  it("are Caddy's too in a swarm", () => {
    expect(settings({ engine: "swarm" })).toEqual([...ALWAYS, "swarmDiscoveryImage"].sort());
  });

  it("have a name in offline/ if it builds them", () => {
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

describe("an image that is built only by offline/", () => {
  const offline = "observability-lab/alertmanager:offline";
  const settings = settingsWith({ alertWebhook: "https://example.org", alertmanagerImage: offline });
  let engine: TestServer;

  afterEach(() => engine.close());

  it("is a problem if it was not built, with the command that builds it", async () => {
    engine = await serveDocker({});
    expect((await findMissingImages(settings)).map(describeProblemAndFix)).toEqual([
      'alertmanagerImage = "observability-lab/alertmanager:offline": has to be built on this machine first; ' +
        "run make setup, or offline/build images alertmanager",
    ]);
    expect(engine.asked).toEqual([`/images/${offline}/json`]);
  });

  it("is not a problem if it exists, or nothing needs it", async () => {
    engine = await serveDocker({ [`/images/${offline}/json`]: { body: "{}" } });
    expect(await findMissingImages(settings)).toEqual([]);
    expect(await findMissingImages(settingsWith({ alertmanagerImage: offline }))).toEqual([]);
    expect(engine.asked).toHaveLength(1);
  });
});

describe("missing images", () => {
  const settings = settingsWith({});
  const { PATH } = process.env;
  let folder: string;
  let engine: TestServer;

  beforeEach(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), "lab-images-"));
    process.env.PATH = `${folder}:${String(PATH)}`;
  });

  afterEach(async () => {
    process.env.PATH = PATH;
    fs.rmSync(folder, { recursive: true });
    await engine.close();
  });

  /** Docker's client, which notes what it is asked for and pulls what has not this name. */
  const serveClient = (missing: string): void => {
    const text = `#!/bin/sh\necho "$@" >>${folder}/asked\ncase $3 in *${missing}*) echo "no such manifest" >&2; exit 1; esac\n`;
    fs.writeFileSync(path.join(folder, "docker"), text, { mode: 0o755 });
  };
  const asked = (): string[] => fs.readFileSync(path.join(folder, "asked"), "utf8").trim().split("\n").sort();

  it("are pulled by the client, which has the credentials, and the others are not", async () => {
    serveClient("nothing");
    const here = settings.grafana.image;
    engine = await serveDocker({ [`/images/${here}/json`]: { body: "{}" } });
    expect(await pullImages(settings)).toBe(true);
    expect(asked()).toEqual(
      imagesOf(settings)
        .filter(({ image }) => image !== here)
        .map(({ image }) => `pull --quiet ${image}`)
        .sort(),
    );
  });

  it("are not requested if all exist", async () => {
    serveClient("");
    engine = await serveDocker(
      Object.fromEntries(imagesOf(settings).map(({ image }) => [`/images/${image}/json`, { body: "{}" }])),
    );
    expect(await pullImages(settings)).toBe(false);
    expect(fs.existsSync(path.join(folder, "asked"))).toBe(false);
  });

  it("are pulled by the nodes of a swarm themselves where they run on each", async () => {
    serveClient("nothing");
    engine = await serveDocker({});
    const swarm = settingsWith({ engine: "swarm" });
    expect(await pullImages(swarm)).toBe(true);
    expect(asked()).not.toContain(`pull --quiet ${swarm.cadvisor.image}`);
    expect(asked()).toContain(`pull --quiet ${swarm.grafana.image}`);
  });

  it("are reported with their setting if they cannot be pulled", async () => {
    serveClient("cadvisor");
    engine = await serveDocker({});
    await expect(pullImages(settings)).rejects.toThrow(
      `1 problem, nothing was changed:\n  - cadvisorImage = "${settings.cadvisor.image}": cannot be pulled: no such manifest; ` +
        "set an image that its registry has, and run docker login if the registry requires it",
    );
  });

  it("are reported with the reason if there is no client", async () => {
    process.env.PATH = folder;
    engine = await serveDocker({});
    await expect(pullImages(settings)).rejects.toThrow("cannot be pulled: spawn docker ENOENT;");
  });
});
