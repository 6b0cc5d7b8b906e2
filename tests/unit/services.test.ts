import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import {
  allServices,
  containersOf,
  nodeServicesOf,
  OWN_JOBS,
  PUBLISHED,
  publishedServices,
  SERVICES,
  servicesOf,
} from "../../lib/settings/services";
import { PROJECT } from "../support/fixtures";

const EVERYTHING = { alertWebhook: "https://example.org", engine: "swarm" } as const;

describe("the catalogue of services", () => {
  it("has the settings of each in Pulumi.yaml, and no others", () => {
    const { config } = parse(fs.readFileSync(path.join(PROJECT, "Pulumi.yaml"), "utf8")) as { config: object };
    const declared = Object.keys(config).filter((name) => /(Port|Image|Memory)$/.test(name));
    const expected = allServices().flatMap(([key]) => [`${key}Image`, `${key}Memory`]);
    const ports = PUBLISHED.map((key) => `${key}Port`);
    expect(declared.sort()).toStrictEqual([...expected, ...ports, "flaskPort"].sort());
  });

  it("gives each service a host name of its own, and each job one service", () => {
    const names = allServices().map(([, { hostname }]) => hostname);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(OWN_JOBS).size).toBe(OWN_JOBS.length);
    // a container's name ends in its host name, behind any prefix
    expect(names.filter((name) => names.some((other) => other !== name && name.endsWith(other)))).toStrictEqual([]);
  });

  it("has nothing optional in a lab with the defaults", () => {
    const always = allServices().flatMap(([, { hostname, when }]) => (when === undefined ? [hostname] : []));
    expect(containersOf({})).toStrictEqual(always);
    expect(nodeServicesOf({})).toStrictEqual([]);
  });

  it("divides the services of a swarm into those of this machine and those of every node", () => {
    const all = servicesOf(EVERYTHING).map((key) => SERVICES[key].hostname);
    expect([...containersOf(EVERYTHING), ...nodeServicesOf(EVERYTHING)].sort()).toStrictEqual([...all].sort());
    expect(nodeServicesOf(EVERYTHING)).toStrictEqual(["node_exporter", "cadvisor"]);
    expect(publishedServices(EVERYTHING)).toStrictEqual(["prometheus", "grafana", "pushgateway", "alertmanager"]);
  });
});
