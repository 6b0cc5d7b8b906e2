const UNITS: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_592_000,
  y: 31_536_000,
};

/** Seconds of a Prometheus or Grafana duration such as `1m30s`. */
export function seconds(duration: string): number {
  return [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|[smhdwMy])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNITS[unit ?? ""] ?? 0),
    0,
  );
}

/** A duration as Prometheus writes it, such as `1h30m`; years and weeks only without a rest (its model.Duration). */
export function writeDuration(length: number): string {
  let rest = Math.round(length * 1000);
  const parts = ["y", "w", "d", "h", "m", "s", "ms"].map((unit) => {
    const milliseconds = (UNITS[unit] ?? 0) * 1000;
    const count = "yw".includes(unit) && rest % milliseconds !== 0 ? 0 : Math.floor(rest / milliseconds);
    rest -= count * milliseconds;
    return count === 0 ? "" : `${String(count)}${unit}`;
  });
  return parts.join("") || "0s";
}
