import { buildLab, type LabFixture, LINUX, settingsWith } from "../support/fixtures";
import { resource } from "../support/mocks";
import { type Shown, shown, violations } from "../support/policies";

type Change = (it: Shown) => object;

const HOOK = "http://127.0.0.1:9999/hook";
const IN_HOST_NETWORK = { settings: { nodeExporterNetwork: "host", alertWebhook: HOOK } };
const WITH_PASSWORD = { settings: { webPassword: "correct horse", alertWebhook: "https://example.org/hook" } };
const COMMAND: Readonly<Record<string, string>> = { LAB: "other-observability-lab" };

/** Another command: one argument in the place of all that begin alike, or none. */
function flag(name: string, ...values: readonly string[]): Change {
  return ({ props }) => ({
    command: [
      ...(props.command as readonly string[]).filter((it) => !it.startsWith(name)),
      ...values.map((value) => `${name}${value}`),
    ],
  });
}

function variables(changes: Readonly<Record<string, string>>): Change {
  return ({ props }) => ({ environment: { ...(props.environment as object), ...changes } });
}

const ANONYMOUS = "GF_AUTH_ANONYMOUS_ENABLED=";

/** A container's variables except one. */
function without({ envs }: Shown["props"], variable: string): readonly string[] {
  return (envs as readonly string[]).filter((it) => !it.startsWith(variable));
}

const set =
  (changes: object): Change =>
  () =>
    changes;

describe("an allowed property with a value that would open the lab", () => {
  it.each<[string, string, LabFixture, Change, string]>([
    ["Prometheus for every web page", "prometheus-container", {}, flag("--web.cors.origin=", ".*"), "commands-allowed"],
    ["Prometheus as it is by default", "prometheus-container", {}, flag("--web.cors.origin="), "commands-allowed"],
    ["a file of another's", "prometheus-container", {}, flag("--config.file=", "/x"), "commands-allowed"],
    ["Prometheus without a password", "prometheus-container", WITH_PASSWORD, flag("--web.conf"), "commands-allowed"],
    ["the Pushgateway without one", "pushgateway-container", WITH_PASSWORD, flag("--web.conf"), "commands-allowed"],
    ["Alertmanager without one", "alertmanager-container", WITH_PASSWORD, flag("--web.conf"), "commands-allowed"],
    ["node_exporter without one", "node-exporter-container", WITH_PASSWORD, flag("--web.conf"), "commands-allowed"],
    ...["--web.config.file=", "--web.listen-address="].flatMap((name): [string, string, LabFixture, Change, string][] =>
      ["node-exporter-container", "alertmanager-container"].map((container) => [
        `${container} in the host's network without ${name}`,
        container,
        IN_HOST_NETWORK,
        flag(name),
        "commands-allowed",
      ]),
    ),
    ...[":9100", "0.0.0.0:9100", "192.168.1.5:9100", "127.0.0.1x:9100", "[::]:9100"].flatMap(
      (address): [string, string, LabFixture, Change, string][] =>
        ["node-exporter-container", "alertmanager-container"].map((container) => [
          `${container} in the host's network on ${address}`,
          container,
          IN_HOST_NETWORK,
          flag("--web.listen-address=", address),
          "commands-allowed",
        ]),
    ),
    [
      "Alertmanager for others of its kind",
      "alertmanager-container",
      IN_HOST_NETWORK,
      flag("--cluster.listen-address=", "0.0.0.0:9094"),
      "commands-allowed",
    ],
    [
      "Alertmanager as it is by default",
      "alertmanager-container",
      IN_HOST_NETWORK,
      flag("--cluster.listen-address="),
      "commands-allowed",
    ],
    ...[
      "192.168.1.5:5000 172.30.1.1:5000",
      "127.0.0.1:5000 172.30.90.1:5000",
      "127.0.0.1:5000 172.30.90.1:5000,0.0.0.0/0",
      "0.0.0.0:5000",
    ].map((LISTEN): [string, string, LabFixture, Change, string] => [
      `the Flask app on ${LISTEN}`,
      "flask-process",
      {},
      variables({ LISTEN }),
      "commands-allowed",
    ]),
    ...["http://evil.example:80", "http://127.0.0.1:3000@evil.example:80", "http://10.0.0.5:3000"].map(
      (GRAFANA_URL): [string, string, LabFixture, Change, string] => [
        `the admin's password sent to ${GRAFANA_URL}`,
        "grafana-admin-password",
        {},
        variables({ GRAFANA_URL }),
        "commands-allowed",
      ],
    ),
    [
      "the password of another lab's Grafana",
      "grafana-admin-password",
      {},
      variables({ GRAFANA_CONTAINER: "other-grafana" }),
      "commands-allowed",
    ],
    [
      "a report sent elsewhere",
      "ansible-run",
      {},
      variables({ PUSHGATEWAY_URL: "http://evil.example:80" }),
      "commands-allowed",
    ],
    [
      "a provider that signs in elsewhere",
      "grafana-provider",
      {},
      set({ url: "http://evil.example" }),
      "resources-known",
    ],
    ["a datasource elsewhere", "grafana-datasource", {}, set({ url: "http://evil.example" }), "resources-known"],
    ...(
      [
        // names and types that the provider also takes, and the SDK does not
        ["a privileged container", { privileged: "true" }],
        ["a container whose ports are all published", { publishAllPorts: "true" }],
        ["a container that may write", { readOnly: "false" }],
        ["a capability", { capabilities: { drops: ["ALL"], add: ["SYS_ADMIN"] } }],
        ["the root of the machine", { volumes: [{ host_path: "/", container_path: "/mnt" }] }],
        ["the volumes of another container", { volumes: [{ from_container: "cadvisor" }] }],
        [
          "a folder as a volume",
          { mounts: [{ type: "volume", target: "/x", volume_options: { driver_name: "local" } }] },
        ],
      ] as const
    ).map(([what, props]): [string, string, LabFixture, Change, string] => [
      `${what} by ${Object.keys(props).join()} in a form that the SDK does not have`,
      "grafana-container",
      {},
      set(props),
      "resources-known",
    ]),
    ...(
      [
        ["without its password and keys", () => ({ envs: [] })],
        ["without its key", ({ props }) => ({ envs: without(props, "GF_SECURITY_SECRET_KEY=") })],
        ["for everybody", ({ props }) => ({ envs: [...without(props, ANONYMOUS), `${ANONYMOUS}true`] })],
      ] as readonly [string, Change][]
    ).map(([how, change]): [string, string, LabFixture, Change, string] => [
      `Grafana ${how}`,
      "grafana-container",
      {},
      change,
      how === "for everybody" ? "secrets-hidden" : "commands-allowed",
    ]),
    [
      "an empty PATH, with which a shell runs files of its folder",
      "flask-process",
      {},
      variables({ PATH: "" }),
      "commands-allowed",
    ],
    [
      "a subnet that is half of the internet",
      "lab-network",
      {},
      set({ ipamConfigs: [{ subnet: "0.0.0.0/1", gateway: "1.1.1.1" }] }),
      "resources-known",
    ],
    ["a sweep of another lab", "lab-sweep", {}, variables(COMMAND), "commands-allowed"],
    ["a sweep that keeps what is another's", "lab-sweep", {}, variables({ KEEP: "x" }), "commands-allowed"],
    ["an app of another lab", "flask-process", {}, variables(COMMAND), "commands-allowed"],
    ["a network of another lab", "lab-network", {}, set({ name: "other-observability-lab" }), "resources-known"],
    [
      "a volume of another lab",
      "grafana-data",
      {},
      set({ name: "other-observability-lab-grafana" }),
      "resources-known",
    ],
    ["a container of another lab", "grafana-container", {}, set({ name: "other-grafana" }), "resources-known"],
    [
      "a container in the network of another lab",
      "grafana-container",
      {},
      set({ networksAdvanced: [{ name: "other-observability-lab" }] }),
      "resources-known",
    ],
    [
      "a target that is a machine elsewhere",
      "prometheus-container",
      {},
      set({ hosts: [{ host: "node_exporter", ip: "192.168.1.5" }] }),
      "resources-known",
    ],
  ])("is refused: %s", async (_, name, fixture, change, policy) => {
    const { registrations } = await buildLab({ ...fixture, machine: LINUX });
    const it = shown(resource(registrations, name), registrations);
    const settings = { ...settingsWith(fixture.settings), sockets: LINUX.sockets };
    expect(await violations(it, settings)).toEqual([]);
    const messages = await violations({ ...it, props: { ...it.props, ...change(it) } }, settings);
    expect(messages.map((message) => message.split(":")[0])).toContain(policy);
  });
});
