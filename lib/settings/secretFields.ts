/** Fields of Prometheus' configuration, at whatever depth, that hold secrets; each has one that takes them from a file. */
export const SECRET_FIELDS: Readonly<Record<string, string>> = {
  bearer_token: "bearer_token_file",
  client_secret: "client_secret_file",
  credentials: "credentials_file",
  key: "key_file",
  password: "password_file",
  secrets: "files",
};

/** A value with a mark in place of whatever such a field holds. */
export function redactSecrets(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(redactSecrets);
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const fields = Object.entries(value).map(([field, item]) => [
    field,
    field in SECRET_FIELDS ? "[secret]" : redactSecrets(item),
  ]);
  return Object.fromEntries(fields) as object;
}
