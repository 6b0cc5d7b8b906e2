/** Label that every container, volume and network of a lab carries; its value is the lab's name. */
export const LAB_LABEL = "observability-lab.lab";

/** The containers of a lab, by the name that each answers to on the lab's network. */
export const CONTAINERS = ["prometheus", "grafana", "node_exporter", "cadvisor", "pushgateway"] as const;

/** Name of a lab on its machine: of its network, of its folder on the host, and the value of its label. */
export function labName(namePrefix: string): string {
  return `${namePrefix}observability-lab`;
}
