import * as http from "node:http";
import { AddressInfo } from "node:net";
import { signInHeaders } from "../../lib/shared/webSignIn";
import { docker } from "../support/harness";
import { grafana } from "../support/userData";
import { UserLab } from "../support/userLab";

/** Result of a check of `make verify`. */
export interface Verdict {
  readonly check: string;
  readonly ok: boolean;
  readonly seen: string;
  readonly fix?: string;
}

/** In seconds, for `make verify`. */
const GREEN_WITHIN = 90;

/** A lab in which something is broken and put right again, and what else the test has beside it. */
export class Fixture {
  /** Whether the receivers of alerts and samples take what they get. */
  takes = true;
  /** Paths of the receivers that were asked. */
  readonly received: string[] = [];
  private servers: http.Server[] = [];
  private visits: NodeJS.Timeout | undefined;

  constructor(
    readonly lab: UserLab,
    /** The folder of the lab's catalogue. */
    readonly catalogue: string,
  ) {}

  container(name: string): string {
    return this.lab.container(name);
  }

  /** All results of `make verify`, after at most so many seconds. */
  async verify(patience?: number): Promise<readonly Verdict[]> {
    const more = patience === undefined ? [] : ["--patience", String(patience)];
    const { stdout, output } = await this.lab.run("verify", ["--json", ...more]).outcome;
    try {
      return (JSON.parse(stdout) as { checks: Verdict[] }).checks;
    } catch {
      throw new Error(output);
    }
  }

  /** What is red, as one line each. */
  async red(patience?: number): Promise<string[]> {
    const checks = await this.verify(patience);
    return checks.filter(({ ok }) => !ok).map(({ check, seen, fix = "" }) => `${check}: ${seen} -> ${fix}`);
  }

  /** Waits until all is green again; a notification that failed is sent again, and its failure forgotten, in a minute. */
  async green(): Promise<void> {
    const red = await this.red(GREEN_WITHIN);
    if (red.length > 0) {
      throw new Error(`it was not put right: ${red.join("; ")}`);
    }
  }

  /** Asks Grafana's API as its admin. */
  async grafana(method: string, path: string, body?: unknown): Promise<Response> {
    return grafana(this.lab, { login: "admin", password: await this.lab.password() }, method, path, body);
  }

  /** Saves a dashboard in the lab's folder, as somebody does in Grafana's page. */
  async save(dashboard: object): Promise<void> {
    const folder = { folderUid: "observability-lab", overwrite: true };
    await this.grafana("POST", "/api/dashboards/db", { dashboard, ...folder });
  }

  /** Posts JSON to Alertmanager's API, which asks for a password. */
  async postToAlertmanager(api: string, body: unknown): Promise<void> {
    const headers = { ...signInHeaders(await this.lab.output("webPassword")), "content-type": "application/json" };
    const url = `http://127.0.0.1:${String(this.lab.ports.alertmanagerPort)}${api}`;
    expect((await fetch(url, { method: "POST", headers, body: JSON.stringify(body) })).status).toBe(200);
  }

  /** Runs a command as root in a container's config volume, mounted at `/by-hand`. */
  inConfig(name: string, script: string): void {
    const image = docker("inspect", "--format", "{{.Image}}", this.container(name));
    const volume = `${this.lab.lab}-${name}-config:/by-hand`;
    docker("run", "--rm", "--user", "0:0", "--volume", volume, "--entrypoint", "sh", image, "-c", script);
  }

  /** A server on the lab's gateway that answers as `takes` says; the URL by which a container of the lab reaches it. */
  async receiver(host: string): Promise<number> {
    const server = http.createServer((request, response) => {
      this.received.push(request.url ?? "");
      const exporter = request.url === "/metrics";
      request.resume().on("end", () => {
        response.setHeader("content-type", "text/plain; version=0.0.4");
        response.writeHead(exporter || this.takes ? 200 : 400).end(exporter ? "app_up 1\n" : "no_text");
      });
    });
    this.servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    return (server.address() as AddressInfo).port;
  }

  /** Has somebody use the app all the time: without requests its rates are rightly empty. */
  useApp(): void {
    const url = `http://127.0.0.1:${String(this.lab.ports.flaskPort)}`;
    const visit = (path: string): void => {
      fetch(`${url}${path}`)
        .then((it) => it.text())
        .catch(() => undefined); // it may be what is broken
    };
    this.visits = setInterval(() => {
      ["/", "/fast", "/slow", "/error"].forEach(visit);
    }, 2000);
  }

  close(): void {
    clearInterval(this.visits);
    this.servers.forEach((server) => {
      server.closeAllConnections();
      server.close();
    });
    this.servers = [];
  }
}
