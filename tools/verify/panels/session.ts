import { LabOutputs, REJECTED, request, Response, signIn } from "../lab";

/**
 * Requests to Grafana in a session: Grafana hashes the password of each request that has one, which takes longer than most
 * queries. If Grafana creates no session, as with a disabled login form, the requests have the password.
 */
export class Session {
  private cookie: Promise<string | undefined> | undefined;

  constructor(private readonly lab: LabOutputs) {}

  async request(path: string, init: Omit<RequestInit, "signal"> = {}, timeoutMs?: number): Promise<Response> {
    const cookie = await (this.cookie ??= logIn(this.lab));
    const authorization = cookie === undefined ? signIn(this.lab) : { cookie };
    const headers = { ...(init.headers as Record<string, string>), ...authorization };
    const response = await request(`${this.lab.grafanaUrl}${path}`, { ...init, headers }, timeoutMs);
    if (response.status !== REJECTED || cookie === undefined) {
      return response;
    }
    this.cookie = Promise.resolve(undefined); // the session was revoked, or is not in restored data
    return this.request(path, init, timeoutMs);
  }

  /** Logs out, so that the user's list of sessions does not grow. */
  async end(): Promise<void> {
    const cookie = await this.cookie;
    if (cookie !== undefined) {
      await request(`${this.lab.grafanaUrl}/logout`, { headers: { cookie }, redirect: "manual" }).catch(
        () => undefined,
      );
    }
  }
}

/** The cookie of a new session; undefined if Grafana does not create one. */
async function logIn(lab: LabOutputs): Promise<string | undefined> {
  const body = JSON.stringify({ user: lab.grafanaUser, password: lab.grafanaAdminPassword });
  const init = { method: "POST", headers: { "content-type": "application/json" }, body };
  try {
    const { status } = await request(`${lab.grafanaUrl}/api/user`, { headers: signIn(lab) });
    // a rejected password is not sent again
    const login = status === 200 ? await request(`${lab.grafanaUrl}/login`, init) : undefined;
    return login?.status === 200 && login.cookies.length > 0 ? login.cookies.join("; ") : undefined;
  } catch {
    return undefined;
  }
}
