import { setTimeout } from "node:timers/promises";
import { UserLab } from "./userLab";

/** Data that users entered and the lab measured: no fault may lose it. */
export interface UserData {
  /** A moment before the faults, as a Unix timestamp. */
  readonly time: number;
  /** Number of samples in Prometheus until then. */
  readonly samples: number;
}

const USER = { login: "by-hand", password: "of a test" };
const DASHBOARD = { uid: "made-by-hand", title: "Made by hand" };
const PUSHED = "pushed_by_hand";
/** Seconds until the Pushgateway has persisted pushed metrics, and Prometheus its samples. */
const SETTLED = 12;

/** Creates a user, a dashboard outside the lab's folder and a pushed metric, and counts the samples. */
export async function leaveUserData(lab: UserLab): Promise<UserData> {
  const admin = { login: "admin", password: await lab.password() };
  await grafana(lab, admin, "POST", "/api/admin/users", USER);
  await grafana(lab, admin, "POST", "/api/dashboards/db", { dashboard: DASHBOARD, overwrite: true });
  const push = `http://127.0.0.1:${String(lab.ports.pushgatewayPort)}/metrics/job/by_hand`;
  await fetch(push, { method: "PUT", body: `${PUSHED} 1\n` });
  const time = Math.floor(Date.now() / 1000);
  await setTimeout(SETTLED * 1000);
  return { time, samples: await countSamples(lab, time) };
}

/** The user data that is missing. */
export async function lostUserData(lab: UserLab, { time, samples }: UserData): Promise<string[]> {
  const metrics = await (await fetch(`http://127.0.0.1:${String(lab.ports.pushgatewayPort)}/metrics`)).text();
  const kept = {
    samples: (await countSamples(lab, time)) === samples,
    user: (await grafana(lab, USER, "GET", "/api/user")).status === 200,
    dashboard: (await grafana(lab, USER, "GET", `/api/dashboards/uid/${DASHBOARD.uid}`)).status === 200,
    push: metrics.includes(PUSHED),
  };
  return Object.entries(kept).flatMap(([what, there]) => (there ? [] : [what]));
}

/** Calls Grafana's API with a password. */
export async function grafana(
  lab: UserLab,
  { login, password }: { login: string; password: string },
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${String(lab.ports.grafanaPort)}${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${login}:${password}`).toString("base64")}`,
      "content-type": "application/json",
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (method !== "GET" && !response.ok) {
    throw new Error(`${method} ${path}: ${String(response.status)} ${await response.text()}`);
  }
  return response;
}

async function countSamples({ ports }: UserLab, time: number): Promise<number> {
  const query = new URLSearchParams({ query: "sum(count_over_time(up[1h]))", time: String(time) });
  const url = `http://127.0.0.1:${String(ports.prometheusPort)}/api/v1/query?${String(query)}`;
  const { data } = (await (await fetch(url)).json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result[0]?.value[1] ?? 0);
}
