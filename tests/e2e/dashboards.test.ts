import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { ownDashboards } from "../../dashboards";
import { alertQueries, metricsOf, NOT_EVERYWHERE, queriesOf, readExposed, writeExposed } from "../support/exposed";
import {
  createTestLab,
  docker,
  eventually,
  LIMIT_SECONDS,
  previewChanges,
  PROJECT,
  removeTestLab,
  sample,
  TestLab,
} from "../support/harness";
import { jobsTests } from "./jobs";
import { schemaV2Tests } from "./schemaV2";

jest.setTimeout(300_000);

let lab: TestLab;
let models: readonly Model[];

/** What the test reads of a dashboard. */
interface Model {
  readonly uid: string;
  readonly panels: readonly { readonly title: string; readonly targets: readonly { readonly expr: string }[] }[];
}

beforeAll(async () => {
  lab = await createTestLab("boards-", "172.30.98.0/24");
  models = ownDashboards({ namePrefix: lab.prefix }).map(
    ({ model }) => JSON.parse(JSON.stringify(model)) as unknown as Model,
  );
  await lab.stack.up();
  await traffic(["/", "/fast", "/slow", "/error"]);
});

afterAll(async () => {
  await removeTestLab(lab);
});

/** The queries of one panel, everything chosen, as Grafana sends them. */
function panelQueries(uid: string, title: string): string[] {
  const panels = models.find((it) => it.uid === uid)?.panels.filter((it) => it.title === title) ?? [];
  if (panels.length !== 1) {
    throw new Error(`${String(panels.length)} panels of ${uid} are titled ${title}`);
  }
  return queriesOf({ panels });
}

/** What a panel with one number shows, once it is this. */
async function shows(
  uid: string,
  title: string,
  wanted: (value: number) => boolean | Promise<boolean>,
): Promise<number> {
  const [query = ""] = panelQueries(uid, title);
  const values: (number | undefined)[] = [];
  try {
    return await eventually(async () => {
      const value = await sample(lab, query);
      values.push(value);
      return value !== undefined && (await wanted(value)) ? value : undefined;
    });
  } catch {
    throw new Error(`"${title}" was ${[...new Set(values)].join(", ")} for ${String(LIMIT_SECONDS)} s`);
  }
}

async function traffic(paths: readonly string[]): Promise<void> {
  await Promise.all(
    paths.map(async (it) => {
      // an answer that is not read keeps its connection, and the app has a limit of those
      await (await fetch(`http://127.0.0.1:${String(lab.ports.flaskPort)}${it}`)).text();
    }),
  );
}

/** Runs the lab's playbook as `make playbook` does. */
function runPlaybook(nginx: string): void {
  execFileSync("sh", [path.join(PROJECT, "assets/ansible/run.sh")], {
    env: { ...process.env, LAB: lab.lab, PLAYBOOK: "kept", XDG_STATE_HOME: lab.stateHome, NGINX_BINARY: nginx },
  });
}

async function grafana<T>(address: string): Promise<T> {
  const password = (await lab.stack.outputs()).grafanaAdminPassword?.value as string;
  const response = await fetch(`http://127.0.0.1:${String(lab.ports.grafanaPort)}${address}`, {
    headers: { authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}` },
  });
  return (await response.json()) as T;
}

/** Labels of every series that the lab's Prometheus has of a metric. */
async function labelsOf(metric: string): Promise<string[]> {
  const url = `http://127.0.0.1:${String(lab.ports.prometheusPort)}/api/v1/series?match[]=${metric}`;
  const { data } = (await (await fetch(url)).json()) as { data: Record<string, string>[] };
  return [...new Set(data.flatMap((series) => Object.keys(series)))].filter((it) => it !== "__name__").sort();
}

describe("the home dashboard", () => {
  it("is the overview", async () => {
    expect(await grafana("/api/org/preferences")).toMatchObject({ homeDashboardUID: "lab-overview" });
  });

  it("exists, with everything else, in the next preview", async () => {
    expect(await previewChanges(lab, { refresh: true })).toEqual({});
  });

  it("reports a healthy lab", async () => {
    expect(await shows("lab-overview", "Containers not healthy", (value) => value === 0)).toBe(0);
    expect(await shows("lab-overview", "Targets down", (value) => value === 0)).toBe(0);
    // the playbook's job fails where nginx is missing, and its alert is right then; the machine's own state and the
    // containers of others are not what is tested
    const failed = await eventually(() => sample(lab, "count(ansible_job_status == 0) or vector(0)"));
    const foreign = [`alertname=~"Host.*"`, `name!="", name!~"${lab.prefix}.*"`].map(
      (it) => `ALERTS{alertstate="firing", ${it}}`,
    );
    const others = `count(${foreign.join(" or ")}) or vector(0)`;
    const expected = async (value: number): Promise<boolean> => value === failed + ((await sample(lab, others)) ?? 0);
    expect(await shows("lab-overview", "Alerts firing", expected)).toBeGreaterThanOrEqual(failed);
    expect(await sample(lab, 'count(ALERTS{alertname="Watchdog", alertstate="firing"})')).toBe(1);
    expect(await shows("lab-overview", "Container restarts", () => true)).toBe(0);
  });

  it("shows a container that was restarted, and one that is stopped", async () => {
    docker("restart", `${lab.prefix}pushgateway`);
    expect(await shows("lab-overview", "Container restarts", (value) => value === 1)).toBe(1);
    docker("stop", `${lab.prefix}pushgateway`);
    try {
      expect(await shows("lab-overview", "Containers not healthy", (value) => value === 1)).toBe(1);
      // two jobs scrape it, one after the other
      expect(await shows("lab-overview", "Targets down", (value) => value === 2)).toBe(2);
    } finally {
      docker("start", `${lab.prefix}pushgateway`);
    }
    expect(await shows("lab-overview", "Containers not healthy", (value) => value === 0)).toBe(0);
    expect(await shows("lab-overview", "Targets down", (value) => value === 0)).toBe(0);
  });
});

describe("dashboards that were saved in schema version 2", () => {
  schemaV2Tests(() => lab);
});

describe("the dashboard of the playbooks", () => {
  const status = (wanted: number): Promise<number> => shows("lab-ansible", "Status", (value) => value === wanted);
  const success = (wanted: (age: number) => boolean): Promise<number> =>
    shows("lab-ansible", "Since last success", wanted);

  it("shows that there has been no success if the lab came up without nginx", async () => {
    const first = await shows("lab-ansible", "Status", () => true);
    expect(await success(() => true)).toEqual(first === 0 ? -1 : expect.any(Number));
  });

  it.each(["Status", "Since last run", "Since last success", "Duration of the last run"])(
    "has the placeholder for no playbook in %s",
    async (title) => {
      const [query = ""] = panelQueries("lab-ansible", title);
      expect(await sample(lab, query.replaceAll('playbook=~".*"', 'playbook="none"'))).toBe(-1);
    },
  );

  it("shows a success, and its age", async () => {
    const nginx = path.join(lab.folder, "nginx");
    fs.writeFileSync(nginx, "#!/bin/sh\necho 'nginx version: nginx/0' >&2\n", { mode: 0o755 });
    runPlaybook(nginx);
    expect(await status(1)).toBe(1);
    expect(await success((age) => age >= 0)).toBeLessThan(60);
  });

  it("shows a failure, and the age of the success before", async () => {
    const begun = Date.now();
    runPlaybook("no-such-nginx");
    expect(await status(0)).toBe(0);
    const since = (Date.now() - begun) / 1000;
    expect(await success((age) => age >= 0)).toBeGreaterThan(since);
  });
});

describe("the dashboard of anybody's jobs", () => {
  jobsTests(() => lab);
});

describe("the dashboard of the app", () => {
  it("shows a burst of errors", async () => {
    await shows("lab-flask", "Error ratio", (value) => value < 0.5);
    const burst = setInterval(() => void traffic(["/error", "/error"]).catch(() => undefined), 500);
    try {
      expect(await shows("lab-flask", "Error ratio", (value) => value > 0.9)).toBeLessThanOrEqual(1);
    } finally {
      clearInterval(burst);
    }
  });
});

describe("every query of the lab's own dashboards", () => {
  it("returns a number in a lab with traffic", async () => {
    const mix = setInterval(() => void traffic(["/", "/fast", "/slow", "/error"]).catch(() => undefined), 1000);
    const silent = async (query: string): Promise<string[]> => {
      const asked = eventually(async () => (Number.isFinite(await sample(lab, query)) ? [] : undefined));
      return asked.catch(() => [query]);
    };
    try {
      expect((await Promise.all(models.flatMap(queriesOf).map(silent))).flat()).toEqual([]);
    } finally {
      clearInterval(mix);
    }
  });

  it("uses metrics and labels that are exposed as recorded", async () => {
    const queries = [...models.flatMap(queriesOf), ...alertQueries().values()];
    const metrics = metricsOf(queries).filter((it) => !(it in NOT_EVERYWHERE));
    const exposed = Object.fromEntries(await Promise.all(metrics.map(async (it) => [it, await labelsOf(it)] as const)));
    if (process.env.RECORD === "1") {
      writeExposed(exposed);
    }
    const gone = Object.entries(readExposed()).flatMap(([metric, labels]) =>
      labels.filter((label) => !exposed[metric]?.includes(label)).map((label) => `${metric}{${label}}`),
    );
    expect(gone).toEqual([]);
    expect(Object.keys(readExposed())).toEqual(metrics);
  });
});
