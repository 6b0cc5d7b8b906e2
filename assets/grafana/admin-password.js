// Makes the password of a running Grafana's admin the one that the stack holds: Grafana takes the one it
// was started with on the first start of its volume only.
// Environment: GRAFANA_URL, GRAFANA_PASSWORD, GRAFANA_CONTAINER. Prints nothing secret.
const { execFileSync } = require("node:child_process");

const { GRAFANA_URL, GRAFANA_PASSWORD, GRAFANA_CONTAINER } = process.env;

async function signIn() {
  const credentials = Buffer.from(`admin:${GRAFANA_PASSWORD}`).toString("base64");
  const response = await fetch(`${GRAFANA_URL}/api/user`, { headers: { authorization: `Basic ${credentials}` } });
  return response.status;
}

async function main() {
  if ((await signIn()) === 200) {
    return;
  }
  const reset = ["grafana", "cli", "admin", "reset-admin-password", "--password-from-stdin"];
  execFileSync("docker", ["exec", "-i", GRAFANA_CONTAINER, ...reset], {
    input: `${GRAFANA_PASSWORD}\n`,
    stdio: ["pipe", "ignore", "pipe"],
  });
  const status = await signIn();
  if (status !== 200) {
    throw new Error(`Grafana at ${GRAFANA_URL} answers ${status} to its new password; after five wrong ones it refuses every one for five minutes: run up again then`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
