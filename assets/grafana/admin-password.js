// Sets the admin password of a running Grafana to that of the stack: Grafana uses the declared one only at the
// first start of its volume.
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
    throw new Error(`Grafana at ${GRAFANA_URL} returned ${status} for the new password; after five failed attempts it rejects every password for five minutes: wait that long, and run make up again`);
  }
}

main().catch((error) => {
  console.error(error.message);
  process.exitCode = 1;
});
