import * as http from "node:http";
import { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A Grafana 13 before a real one that knows no schema version 2. */
export interface Grafana13 {
  readonly url: string;
  /** uids of the dashboards that are stored in schema version 2; a test may add some. */
  readonly v2: Set<string>;
  readonly close: () => Promise<void>;
}

const RESOURCES = "/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/";

/**
 * Passes everything on to a real Grafana, and does for a dashboard in schema version 2 as 13 does: it is refused at the
 * classic address until it is saved there in the classic schema, and read and saved as a resource at the address that
 * the refusal names. Sources: GetDashboard in Grafana's pkg/api/dashboard.go, grafana#99664.
 */
export async function serveGrafana13(target: string): Promise<Grafana13> {
  const v2 = new Set<string>();

  const pass = async (request: Pick<http.IncomingMessage, "method" | "url" | "headers">, body: string) => {
    const { authorization = "" } = request.headers;
    const response = await fetch(`${target}${request.url ?? ""}`, {
      method: request.method ?? "GET",
      headers: { authorization, "content-type": "application/json" },
      ...(body === "" ? {} : { body }),
    });
    return { status: response.status, body: await response.text() };
  };

  /** The resource is the classic dashboard in another wrapping: the lab does not look into it. */
  const asResource = async (request: http.IncomingMessage, uid: string, sent: string) => {
    const { headers } = request;
    if (request.method === "PUT") {
      const { metadata, spec } = JSON.parse(sent) as {
        metadata: { annotations: Record<string, string> };
        spec: object;
      };
      const saved = { dashboard: spec, folderUid: metadata.annotations["grafana.app/folder"], overwrite: true };
      return pass({ method: "POST", url: "/api/dashboards/db", headers }, JSON.stringify(saved));
    }
    const { status, body } = await pass({ method: "GET", url: `/api/dashboards/uid/${uid}`, headers }, "");
    const { dashboard } = JSON.parse(body) as { dashboard?: object };
    const metadata = { name: uid, resourceVersion: "1", annotations: {} };
    return { status, body: JSON.stringify({ apiVersion: "dashboard.grafana.app/v2", metadata, spec: dashboard }) };
  };

  const respond = async (request: http.IncomingMessage): Promise<{ status: number; body: string }> => {
    const { method = "", url = "" } = request;
    const sent = await text(request);
    const uid = url.split("/").pop() ?? "";
    if (method === "GET" && url.startsWith("/api/dashboards/uid/") && v2.has(uid)) {
      const message = `dashboard api version not supported, use ${RESOURCES}${uid} instead`;
      return { status: 406, body: JSON.stringify({ message }) };
    }
    if (url.startsWith(RESOURCES)) {
      return asResource(request, uid, sent);
    }
    const passed = await pass(request, sent);
    if (method === "POST" && url === "/api/dashboards/db" && passed.status === 200) {
      v2.delete((JSON.parse(passed.body) as { uid: string }).uid);
    }
    return passed;
  };

  const server = http.createServer((request, response) => {
    respond(request).then(
      ({ status, body }) =>
        response.writeHead(status, { "content-type": "application/json", connection: "close" }).end(body),
      (error: unknown) => response.writeHead(502).end(String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => {
        resolve();
      });
    });
  return { url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`, v2, close };
}
