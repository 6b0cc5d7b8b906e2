/** A setting, a value that it cannot have, and what `up` says behind the setting's name. */
export type BadSetting = readonly [setting: string, value: unknown, says: string];

const job = { job: "mine", targets: ["host.docker.internal:8000"] };
const sum = "0".repeat(64);

/** Settings that are wrong, by the `up` that tells them all at once. */
export const BAD_SETTINGS: readonly (readonly BadSetting[])[] = [
  [
    [
      "namePrefix",
      "my lab ",
      ' = "my lab ": must be up to 32 letters, digits, "_", "." and "-", starting with a letter or digit; write it like team-a-',
    ],
    [
      "bindAddress",
      "localhost",
      ' = "localhost": is not an IPv4 address; use 127.0.0.1, or another address of this machine',
    ],
    ["prometheusPort", 0, ' = "0": must be a port from 1 to 65535; set one in this range'],
    ["flaskPort", 70000, ' = "70000": must be a port from 1 to 65535; set one in this range'],
    ["prometheusMemory", 16, ' = "16": must be a whole number of MiB from 32 to 1048576; set one in this range'],
    [
      "prometheusImage",
      "prom/prometheus",
      ' = "prom/prometheus": needs a name with a fixed tag or a digest; write it as name:tag or name@sha256:…',
    ],
    [
      "grafanaImage",
      "grafana/grafana:latest",
      ' = "grafana/grafana:latest": needs a name with a fixed tag or a digest; write it as name:tag or name@sha256:…',
    ],
    [
      "scrapeInterval",
      "5 seconds",
      ' = "5 seconds": is not a duration above zero; write it as Prometheus does, such as 5s, 1m30s or 7d',
    ],
    ["retention", "0d", ' = "0d": is not a duration above zero; write it as Prometheus does, such as 5s, 1m30s or 7d'],
    [
      "subnet",
      "10.0.0.0/8",
      ' = "10.0.0.0/8": must have a prefix length from 16 to 28; use a private network such as 172.30.90.0/24',
    ],
    ["nodeExporterNetwork", "bridge", ' = "bridge": must be lab or host; set one of these'],
    [
      "grafanaAdminPassword",
      "in plain text",
      ': is in plain text; set it with make config ARGS="set --secret grafanaAdminPassword"',
    ],
    [
      "alertWebhook",
      "https://example.org/T0K3N",
      ': is in plain text; set it with make config ARGS="set --secret alertWebhook"',
    ],
    [
      "dashboardCatalogue",
      "https://user:T0K3N@example.org/api/dashboards",
      ": holds credentials, which the settings' file and its history would show; set a URL without them, or download the files and set their folder",
    ],
    [
      "scrapeIntervall",
      "5s",
      ': is not a setting of the lab; did you mean scrapeInterval? Remove it from Pulumi.<stack>.yaml, or with make config ARGS="rm scrapeIntervall"',
    ],
    [
      "loki",
      true,
      ': is not a setting of the lab; see Pulumi.yaml. Remove it from Pulumi.<stack>.yaml, or with make config ARGS="rm loki"',
    ],
    [
      "remoteWrite",
      [{ url: "https://example.org", username: "lab", password: "in plain text" }],
      `[0].password: is in plain text; set it with make config ARGS="set --secret --path 'remoteWrite[0].password'"`,
    ],
    [
      "extraScrapeTargets",
      [{ targets: ["a:1"] }],
      '[0] = {"targets":["a:1"]}: has no job; give it one, such as job: my_app',
    ],
    [
      "communityDashboards",
      [{ id: "1860", revision: 45, sha256: sum }],
      `[0] = {"id":"1860","revision":45,"sha256":"${sum}"}: needs id and revision as whole numbers; write it as {id: 1860, revision: 45, sha256: …}`,
    ],
  ],
  [
    ["cadvisorPort", 9090, " = 9090: is also the value of prometheusPort; set a different port for each"],
    [
      "subnet",
      "8.8.8.0/24",
      ' = "8.8.8.0/24": must be the address of a private network; use a private network such as 172.30.90.0/24',
    ],
    [
      "extraScrapeTargets",
      [{ ...job, targets: ["localhost"] }],
      "[0].targets[0] = \"localhost\": is a loopback address, which in Prometheus' container is the container itself; write host.docker.internal for this machine; on Linux the program must listen on the lab's gateway, too",
    ],
    [
      "communityDashboards",
      [{ id: 1, revision: 1, sha256: "abc" }],
      '[0] = {"id":1,"revision":1,"sha256":"abc"}: needs the sha256 of the file, 64 lower-case hex digits; take it from sha256sum of a file you trust',
    ],
  ],
  [
    [
      "subnet",
      "172.30.100.7/24",
      ' = "172.30.100.7/24": must be the address of a private network; use a private network such as 172.30.90.0/24',
    ],
    [
      "extraScrapeTargets",
      [{ ...job, job: "linux_host" }],
      '[0] = {"job":"linux_host","targets":["host.docker.internal:8000"]}: uses the job linux_host, which another entry or the lab has; give the entry its own job',
    ],
    [
      "communityDashboards",
      [{ id: 1, revision: 1, uid: "x" }],
      '[0] = {"id":1,"revision":1,"uid":"x"}: has an unknown field uid; did you mean id? Write it as a list of {id, revision, sha256}',
    ],
  ],
  [
    [
      "subnet",
      "everywhere",
      ' = "everywhere": is not an IPv4 network in CIDR notation; use a private network such as 172.30.90.0/24',
    ],
    [
      "extraScrapeTargets",
      [{ ...job, metricsPath: "metrics" }],
      '[0] = {"job":"mine","metricsPath":"metrics","targets":["host.docker.internal:8000"]}: has a metricsPath that is not a path; start it with /, or leave it out',
    ],
    [
      "communityDashboards",
      [
        { id: 7, revision: 1 },
        { id: 7, revision: 2 },
      ],
      '[1] = {"id":7,"revision":2}: names dashboard 7 again; keep one revision of it',
    ],
  ],
  [
    [
      "extraScrapeTargets",
      [{ ...job, targets: ["localhost:8000"] }],
      "[0].targets[0] = \"localhost:8000\": is a loopback address, which in Prometheus' container is the container itself; write host.docker.internal:8000 for this machine; on Linux the program must listen on the lab's gateway, too",
    ],
    [
      "probes",
      [{ ping: "127.0.0.1" }],
      '[0].ping = "127.0.0.1": is the loopback of the blackbox exporter\'s own container; write host.docker.internal for this machine',
    ],
    ["dashboardRange", "now-15m", ' = "now-15m": is not a time range; write it as 15m, 6h, 7d or 2w'],
  ],
];
