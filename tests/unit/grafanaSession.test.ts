import { createServer, IncomingMessage } from "node:http";
import { AddressInfo } from "node:net";
import { Session } from "../../tools/verify/panels/session";

const BASIC = `Basic ${Buffer.from("admin:secret").toString("base64")}`;

/** A Grafana that accepts a cookie or a password; returns what the requests after this use. */
async function ask(
  use: (session: Session) => Promise<unknown>,
  options: { login?: number; revoked?: boolean; wrong?: boolean } = {},
): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer((request: IncomingMessage, response) => {
    const { cookie, authorization } = request.headers;
    asked.push(`${String(request.url)} ${cookie ?? authorization ?? "nothing"}`);
    if (request.url === "/login") {
      const headers = { "set-cookie": ["grafana_session=a; Path=/; HttpOnly", "grafana_session_expiry=1; Path=/"] };
      response.writeHead(options.login ?? 200, headers).end("{}");
    } else {
      const rejected = cookie === undefined ? options.wrong : options.revoked;
      response.writeHead(rejected === true ? 401 : 200).end("[]");
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const grafanaUrl = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`;
  await use(new Session({ grafanaUrl, grafanaUser: "admin", grafanaAdminPassword: "secret" } as never));
  server.closeAllConnections();
  server.close();
  return asked;
}

describe("the requests of the panel checks", () => {
  const COOKIE = "grafana_session=a; grafana_session_expiry=1";
  const twice = async (session: Session): Promise<void> => {
    await Promise.all([session.request("/api/org"), session.request("/api/org")]);
    await session.end();
  };

  it("share a session, which ends with them", async () => {
    expect(await ask(twice)).toEqual([
      `/api/user ${BASIC}`,
      "/login nothing",
      `/api/org ${COOKIE}`,
      `/api/org ${COOKIE}`,
      `/logout ${COOKIE}`,
    ]);
  });

  it("have the password where Grafana creates no session", async () => {
    expect(await ask(twice, { login: 401 })).toEqual([
      `/api/user ${BASIC}`,
      "/login nothing",
      `/api/org ${BASIC}`,
      `/api/org ${BASIC}`,
    ]);
  });

  it("have the password once the session is revoked", async () => {
    expect(await ask((session) => session.request("/api/org"), { revoked: true })).toEqual([
      `/api/user ${BASIC}`,
      "/login nothing",
      `/api/org ${COOKIE}`,
      `/api/org ${BASIC}`,
    ]);
  });

  it("send a rejected password once, as Grafana blocks the user after five", async () => {
    const many = (session: Session): Promise<unknown> =>
      Promise.all(Array.from({ length: 20 }, () => session.request("/api/org")));
    expect(await ask(many, { wrong: true })).toEqual([`/api/user ${BASIC}`]);
  });

  it("end without a session if there were none", async () => {
    expect(await ask((session) => session.end())).toEqual([]);
  });
});
