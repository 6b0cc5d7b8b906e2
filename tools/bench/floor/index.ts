// One resource of each of the lab's providers, as a lower bound for the duration of a preview of the lab.
// LAB: name of the lab; its teardown removes the volume, too. GRAFANA_URL, GRAFANA_AUTH: where the folder is created.
import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as grafana from "@pulumiverse/grafana";
import { LAB_LABEL } from "../../../lib/shared/names";

new local.Command("command", { create: ":" });
new docker.Volume("volume", { labels: [{ label: LAB_LABEL, value: process.env.LAB ?? "" }] });
new grafana.oss.Folder("folder", { title: "floor" });
