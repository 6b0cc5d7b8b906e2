// A resource of each of the lab's providers, and nothing else: no preview of the lab can be quicker than one of this.
// LAB: name of the lab with which the volume is removed. GRAFANA_URL, GRAFANA_AUTH: where the folder goes.
import { local } from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as grafana from "@pulumiverse/grafana";
import { LAB_LABEL } from "../../../lib/shared/names";

new local.Command("command", { create: ":" });
new docker.Volume("volume", { labels: [{ label: LAB_LABEL, value: process.env.LAB ?? "" }] });
new grafana.oss.Folder("folder", { title: "floor" });
