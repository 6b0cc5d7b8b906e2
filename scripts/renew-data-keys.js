// Has Grafana encrypt what is saved from now on under the key that it was started with, and says which datasources have
// secrets from before. GRAFANA_URL, GRAFANA_PASSWORD: where it answers, and its admin's password.
const { GRAFANA_URL: url, GRAFANA_PASSWORD: password } = process.env;
const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;

async function ask(path, method = "GET") {
  const response = await fetch(`${url}${path}`, { method, headers: { authorization } });
  if (!response.ok) {
    throw new Error(`${method} ${url}${path} answers ${response.status}: ${await response.text()}`);
  }
  return response;
}

async function main() {
  // its own data keys of the day are encrypted under the key before (secrets/manager in grafana/grafana)
  await ask("/api/admin/encryption/rotate-data-keys", "POST");
  const sources = await (await ask("/api/datasources")).json();
  const all = await Promise.all(sources.map(async ({ uid }) => (await ask(`/api/datasources/uid/${uid}`)).json()));
  const withSecrets = all.filter(({ secureJsonFields = {} }) => Object.keys(secureJsonFields).length > 0);
  console.log(
    withSecrets.length === 0
      ? "Grafana has a new key, and no datasource with a password"
      : `Grafana has a new key: save the passwords of these datasources again: ${withSecrets.map(({ name }) => name).join(", ")}`,
  );
}

main().catch((error) => {
  console.error(`Grafana's data keys are not renewed: ${error.message}`);
  process.exitCode = 1;
});
