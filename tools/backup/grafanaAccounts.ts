import { quote } from "../../lib/shared/foreignNames";
import { getJson, LabOutputs, signIn } from "../verify/lab";

/** Page size of a list; Grafana's default is 1000. */
const PAGE_SIZE = 5000;

interface User {
  readonly login: string;
  readonly isAdmin: boolean;
  readonly isDisabled: boolean;
}

interface ServiceAccount {
  readonly name: string;
  readonly role: string;
  readonly tokens: number;
}

/** All accounts by kind. Current Grafana has no `GET /api/auth/keys`, as API keys became service accounts. */
async function accountsOf(lab: LabOutputs): Promise<readonly string[]> {
  const get = <T>(path: string): Promise<T> => getJson<T>(`${lab.grafanaUrl}${path}`, signIn(lab));
  const [users, { serviceAccounts }, organisations, keys] = await Promise.all([
    get<User[]>(`/api/users?perpage=${String(PAGE_SIZE)}`),
    get<{ serviceAccounts: ServiceAccount[] }>(`/api/serviceaccounts/search?perpage=${String(PAGE_SIZE)}`),
    get<{ name: string }[]>("/api/orgs"),
    get<{ name: string; role: string }[]>("/api/auth/keys").catch(() => []),
  ]);
  return [
    ...users
      .filter(({ login }) => login !== lab.grafanaUser)
      .map(
        ({ login, isAdmin, isDisabled }) =>
          `the user ${quote(login)}${isAdmin ? ", a Grafana server admin" : ""}${isDisabled ? ", disabled" : ""}`,
      ),
    ...serviceAccounts.map(
      ({ name, role, tokens }) => `the service account ${quote(name)} (${role}) with tokens: ${String(tokens)}`,
    ),
    ...keys.map(({ name, role }) => `the API key ${quote(name)} (${role})`),
    ...(organisations.length > 1
      ? [`further organisations, with service accounts of their own: ${String(organisations.length - 1)}`]
      : []),
  ];
}

/** Text about the accounts besides the lab's admin, which a restore takes over from the backup. */
export async function describeAccounts(lab: LabOutputs): Promise<string> {
  try {
    const accounts = await accountsOf(lab);
    return accounts.length === 0
      ? "only the lab's admin has an account in Grafana"
      : [
          "besides the lab's admin, these accounts of the backup can sign in to Grafana:",
          ...accounts.map((it) => `  - ${it}`),
          `remove accounts that you do not recognize: ${lab.grafanaUrl}/admin/users and ${lab.grafanaUrl}/org/serviceaccounts`,
        ].join("\n");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `the accounts in Grafana could not be listed (${reason}): check them at ${lab.grafanaUrl}/admin/users`;
  }
}
