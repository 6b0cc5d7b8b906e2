import { expectOk, UserLab } from "../support/userLab";
import { grafanaKeyAttacks } from "./grafanaKey";
import { neighbourAttacks } from "./neighbours";
import { processesAttacks } from "./processes";
import { userAttacks } from "./users";
import { webAttacks } from "./web";

jest.setTimeout(300_000);

/** A lab as its users have it, which is attacked by whoever SECURITY.md names. */
describe("a lab that is attacked", () => {
  let lab: UserLab;

  beforeAll(async () => {
    lab = await UserLab.create("attacked-", "172.30.106.0/24");
    await lab.prepare();
    // on loopback, so that Alertmanager is in the host's network, as node_exporter is
    lab.configure({ nodeExporterNetwork: "host" });
    await expectOk(lab.up());
  });

  afterAll(async () => {
    await lab.remove();
  });

  grafanaKeyAttacks(() => lab);
  neighbourAttacks(() => lab);
  userAttacks(() => lab);
  processesAttacks(() => lab);
  webAttacks(() => lab);
});
