/** Secret fields of Prometheus' configuration at any depth, each with the field that reads it from a file. */
export const SECRET_FIELDS: Readonly<Record<string, string>> = {
  bearer_token: "bearer_token_file",
  client_certificate_key: "client_certificate_key_file",
  client_secret: "client_secret_file",
  credentials: "credentials_file",
  key: "key_file",
  password: "password_file",
  secrets: "files",
};

/** Secrets that Prometheus reads only from its configuration file: of discoveries and proxies. */
const INLINE_SECRETS = new Set([
  "application_credential_secret",
  "application_secret",
  "auth_token",
  "consumer_key",
  "private_key",
  "proxy_connect_header",
  "secret_key",
  "service_account_key",
  "token",
]);

/** A token with the word that Prometheus sends before it, and the problem of it. */
export const BEARER = /^Bearer\s/i;
export const WITH_BEARER = ["begins with Bearer, which Prometheus adds", "leave out that word"] as const;

/** Whether a field is a secret without a `…_file`: in a discovery only HTTP credentials have one. */
export function isInlineSecret(path: readonly (string | number)[]): boolean {
  const field = path.at(-1);
  const parent = path
    .slice(0, -1)
    .filter((it) => typeof it === "string")
    .at(-1);
  const unfiled = /_sd_configs$|^endpoint_params$/.test(String(parent)) && field !== "bearer_token";
  // a header may have any name
  const isHeader = parent === "http_headers";
  return typeof field === "string" && !isHeader && (isInlineOnly(field) || (unfiled && isSecretField(field)));
}

export function isSecretField(field: string): boolean {
  return Object.hasOwn(SECRET_FIELDS, field);
}

/** Whether Prometheus reads a secret with this name from its configuration file only. */
export function isInlineOnly(field: string): boolean {
  return INLINE_SECRETS.has(field);
}

/** Whether a text names a secret field, so that it may hold a secret. */
export function namesSecret(text: string): boolean {
  return [...Object.keys(SECRET_FIELDS), ...INLINE_SECRETS].some((field) => text.includes(field));
}

/** A value from JSON with its secret fields masked, and `params`, where a secret may have any name; undefined stays. */
export function redactSecrets(value: unknown): unknown {
  const text = JSON.stringify([value], (field, item: unknown) =>
    isSecretField(field) || isInlineOnly(field) || field === "params" ? "[secret]" : item,
  );
  return value === undefined ? undefined : (JSON.parse(text) as unknown[])[0];
}
