import * as pulumi from "@pulumi/pulumi";
import { LabError } from "../../lib/shared/problems";

const TIMEOUT_MS = 10_000;

/** An error response of Grafana. */
export class GrafanaError extends LabError {
  constructor(
    call: string,
    readonly status: number,
    /** Body of the response. */
    readonly text: string,
  ) {
    super(`Grafana returned ${String(status)} to ${call}: ${text}`);
  }
}

/** Calls to Grafana's API that its provider lacks; for hooks, which run while Grafana is up. */
export class GrafanaApi {
  constructor(
    private readonly url: string,
    private readonly password: pulumi.Output<string>,
  ) {}

  /**
   * Returns the response body; undefined for an object to read or delete that is missing.
   *
   * @throws GrafanaError for any other error response.
   */
  async call<T>(method: "GET" | "POST" | "PUT" | "DELETE", path: string, body?: object): Promise<T | undefined> {
    const password = await new Promise<string>((resolve) => {
      this.password.apply(resolve);
    });
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`,
        "content-type": "application/json",
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const text = await response.text();
    if (response.status === 404 && ["GET", "DELETE"].includes(method)) {
      return undefined;
    }
    if (!response.ok) {
      throw new GrafanaError(`${method} ${path}`, response.status, text);
    }
    return JSON.parse(text || "null") as T;
  }
}
