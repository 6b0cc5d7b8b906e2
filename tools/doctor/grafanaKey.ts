import {
  GENERATED,
  GRAFANA_KEY,
  KEY_FILE,
  KEY_FOLDER,
  keyFingerprint,
  labelsOf,
  WELL_KNOWN_KEY,
} from "../../lib/docker/grafanaKey";
import { Machine } from "../../lib/docker/machine";
import { getFiles } from "../../lib/docker/temporaryContainer";
import { Settings } from "../../lib/settings/settings";
import { dataVolumeName, LAB_LABEL, labName } from "../../lib/shared/names";
import { Finding, ok, skipped, warning } from "./finding";

const CHECK = "grafana's key";

/** Whether the passwords of Grafana's datasources in a stolen backup could be decrypted. */
export async function checkGrafanaKey(settings: Settings, { containers }: Machine): Promise<Finding> {
  const lab = labName(settings.namePrefix);
  const grafana = containers.find(
    ({ Names, Labels }) => Names.includes(`/${settings.namePrefix}grafana`) && Labels[LAB_LABEL] === lab,
  );
  if (grafana === undefined) {
    const [data, key] = await Promise.all(["grafana", GRAFANA_KEY].map((it) => labelsOf(dataVolumeName(settings, it))));
    if (data === undefined) {
      return ok(CHECK, "a new lab generates its own key");
    }
    // without a generated key, Grafana's data is encrypted with the well-known one
    return key === undefined && !(GENERATED.label in data)
      ? wellKnown()
      : skipped(CHECK, "Grafana's container does not exist");
  }
  const key = (await getFiles(grafana.Id, KEY_FOLDER))?.files.get(KEY_FILE)?.trim() ?? WELL_KNOWN_KEY;
  return key === WELL_KNOWN_KEY ? wellKnown() : ok(CHECK, `${keyFingerprint(key)}, the lab's own`);
}

function wellKnown(): Finding {
  return warning(
    CHECK,
    "Grafana's data is encrypted with Grafana's default key: anyone with a backup can read the datasource passwords",
    "run make up, then make grafana-key, and save the passwords that it names again",
  );
}
