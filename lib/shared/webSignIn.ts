/** User name of the lab's programs with a password. */
export const WEB_USER = "admin";
/** File of Prometheus' config volume with the password in plain text, with which it signs in to its targets. */
export const WEB_PASSWORD_FILE = "web_password";

/** Value of the header `Authorization`. */
export function basicAuth(password: string): string {
  return `Basic ${Buffer.from(`${WEB_USER}:${password}`).toString("base64")}`;
}

/** The header that signs in; empty without a password. */
export function signInHeaders(password: string | undefined): Record<string, string> {
  return password === undefined ? {} : { authorization: basicAuth(password) };
}
