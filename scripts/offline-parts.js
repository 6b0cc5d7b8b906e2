// What offline/ builds and copies into its images, with the licenses (https://spdx.org/licenses/) in the LICENSE files of
// the modules that each part consists of.
module.exports = [
  { name: "pulumi", module: "github.com/pulumi/pulumi/pkg/v3", license: "Apache-2.0" },
  { name: "language-nodejs", module: "github.com/pulumi/pulumi/sdk/v3", license: "Apache-2.0" },
  {
    name: "resource-docker",
    module: "github.com/kreuzwerker/terraform-provider-docker",
    license: "Apache-2.0 AND MPL-2.0",
  },
  // upstream's provider uses Grafana's own types, from modules of grafana/grafana
  {
    name: "resource-grafana",
    module: "github.com/grafana/terraform-provider-grafana/v4",
    license: "AGPL-3.0-only AND Apache-2.0 AND MPL-2.0",
  },
  { name: "resource-command", module: "github.com/pulumi/pulumi-go-provider", license: "Apache-2.0" },
  { name: "prometheus", module: "github.com/prometheus/prometheus", license: "Apache-2.0" },
  { name: "node-exporter", module: "github.com/prometheus/node_exporter", license: "Apache-2.0" },
  { name: "pushgateway", module: "github.com/prometheus/pushgateway", license: "Apache-2.0" },
  { name: "alertmanager", module: "github.com/prometheus/alertmanager", license: "Apache-2.0" },
  { name: "blackbox-exporter", module: "github.com/prometheus/blackbox_exporter", license: "Apache-2.0" },
  { name: "caddy", module: "github.com/caddyserver/caddy/v2", license: "Apache-2.0" },
  { name: "cadvisor", module: "github.com/google/cadvisor/lib", license: "Apache-2.0" },
  { name: "grafana", module: "github.com/grafana/grafana", license: "AGPL-3.0-only" },
  // the Docker engine that only tests run
  ...[
    ["engine", "github.com/moby/moby/v2"],
    ["containerd", "github.com/containerd/containerd/v2"],
    ["runc", "github.com/opencontainers/runc"],
  ].map(([name, module]) => ({ name, module, license: "Apache-2.0", folder: "offline/engine/", scope: "excluded" })),
  // copied from the machine into the images: the first two into all, the last into Grafana's
  { name: "busybox", license: "GPL-2.0-only" },
  { name: "ca-certificates", license: "MPL-2.0" },
  { name: "glibc", license: "LGPL-2.1-or-later" },
];
