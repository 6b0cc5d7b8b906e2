import { isIPv6, isLoopback, NO_IPV6 } from "../shared/names";
import { setAsSecret, SettingsReader } from "./reader";
import { BEARER, WITH_BEARER } from "./secretFields";

/** A receiver of Prometheus' remote write protocol. */
export interface RemoteWriteReceiver {
  /** An http or https URL without credentials; Prometheus shows it in its log, its metrics and its API. */
  readonly url: string;
  /** User name for basic authentication, with `password`. */
  readonly username?: string;
  /** Secret password. */
  readonly password?: string;
  /** Secret token for the header `Authorization: Bearer`. */
  readonly bearerToken?: string;
}

const FIELDS = ["url", "username", "password", "bearerToken"] as const;
const SECRETS = ["password", "bearerToken"] as const;
const ONE_LINE = "must be one line of text without spaces around it";

/** The entries of a setting that lists receivers of remote write. */
export function readRemoteWrite(read: SettingsReader, setting: string): readonly RemoteWriteReceiver[] {
  const entries = read.list(setting, FIELDS, { confidential: true });
  const secret = read.isSecret(setting);
  const urls = new Set<unknown>();
  entries.forEach((entry, index) => {
    const place = `${setting}[${String(index)}]`;
    const { url, username, password, bearerToken } = entry;
    const wrong = urlProblem(url);
    if (wrong !== undefined) {
      read.addProblem(`${place}.url`, /[@?]/.test(String(url)) ? undefined : url, ...wrong);
    } else if (urls.has(url)) {
      read.addProblem(`${place}.url`, url, "is the url of another entry too", "keep one of them");
    }
    urls.add(url);
    for (const field of SECRETS.filter((it) => entry[it] !== undefined)) {
      if (!secret) {
        read.addProblem(`${place}.${field}`, undefined, "is in plain text", setAsSecret(`${place}.${field}`));
      } else if (!isLine(entry[field])) {
        read.addProblem(`${place}.${field}`, undefined, ONE_LINE, "set another one");
      } else if (field === "bearerToken" && BEARER.test(String(entry[field]))) {
        read.addProblem(`${place}.${field}`, undefined, ...WITH_BEARER);
      }
    }
    if ((username === undefined) !== (password === undefined)) {
      read.addProblem(place, undefined, "needs username and password together", "set both, or neither");
    } else if (username !== undefined && !isLine(username)) {
      read.addProblem(`${place}.username`, username, ONE_LINE, "set it with --type string");
    }
    if (password !== undefined && bearerToken !== undefined) {
      read.addProblem(place, undefined, "has a password and a bearerToken", "keep the one that the receiver requires");
    }
  });
  return entries as unknown as readonly RemoteWriteReceiver[];
}

function urlProblem(url: unknown): readonly [problem: string, fix: string] | undefined {
  if (typeof url !== "string" || !/^https?:\/\/\S+$/.test(url) || !URL.canParse(url)) {
    return ["is not an http or https URL", "write it as https://example.org/api/v1/write"];
  }
  const { username, password } = new URL(url);
  if (username !== "" || password !== "") {
    return ["holds credentials, which everybody could read", "set them as username and password"];
  }
  if (isLoopback(url)) {
    return [
      "is a loopback address, which in Prometheus' container is the container itself",
      "write host.docker.internal for this machine",
    ];
  }
  return isIPv6(url) ? NO_IPV6 : undefined;
}

/** Whether a text is unchanged after Prometheus has read it from a file, which it trims. */
function isLine(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.trim() === value && !/[\r\n]/.test(value);
}
