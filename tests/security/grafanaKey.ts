import { execFileSync } from "node:child_process";
import { createDecipheriv, pbkdf2Sync } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { KEY_FILE, KEY_FOLDER, WELL_KNOWN_KEY } from "../../lib/docker/grafanaKey";
import { expectOk, UserLab } from "../support/userLab";

const PASSWORD = "password-of-a-datasource";
const SALT = 8;
const BLOCK = 16;
const NONCE = 12;

/** What a thief reads in Grafana's database; all values are hex. */
interface Database {
  /** Data keys by name, each encrypted under Grafana's secret key. */
  readonly keys: Readonly<Record<string, string>>;
  /** Secrets of datasources, each encrypted under a data key. */
  readonly secrets: readonly string[];
}

const READ_DATABASE = `
import base64, json, sqlite3, sys
base = sqlite3.connect(sys.argv[1])
base.row_factory = sqlite3.Row
rows = lambda table: [dict(row) for row in base.execute(f"SELECT * FROM {table}")]
keys = {row[column]: row["encrypted_data"].hex() for row in rows("data_keys") for column in ("id", "name") if row.get(column)}
fields = [json.loads(row["secure_json_data"] or "{}") for row in rows("data_source")]
secrets = [base64.b64decode(value).hex() for field in fields for value in field.values()]
secrets += [base64.b64decode(row["value"] + "==").hex() for row in rows("secrets")]
print(json.dumps({"keys": keys, "secrets": secrets}))
`;

/** Splits off what stands between two delimiters at the start, in base64. */
function head(payload: Buffer, delimiter: string): { name: string | undefined; rest: Buffer } {
  const end = payload.indexOf(delimiter, 1);
  return payload[0] !== delimiter.charCodeAt(0) || end < 0
    ? { name: undefined, rest: payload }
    : { name: Buffer.from(payload.toString("latin1", 1, end), "base64").toString(), rest: payload.subarray(end + 1) };
}

/** Decrypts as pkg/services/encryption in grafana/grafana does. */
function decrypt(payload: Buffer, secret: string | Buffer): Buffer {
  const { name: algorithm, rest } = head(payload, "*");
  const key = pbkdf2Sync(secret, rest.subarray(0, SALT), 10_000, 32, "sha256");
  const [size, cipher, tag] = algorithm === "aes-gcm" ? [NONCE, "aes-256-gcm", BLOCK] : [BLOCK, "aes-256-cfb", 0];
  const decipher = createDecipheriv(cipher, key, rest.subarray(SALT, SALT + size));
  // the tag of the first mode only proves what the text already shows
  const text = rest.subarray(SALT + size, rest.length - tag);
  return decipher.update(text);
}

/** What the secrets of the database say to somebody who tries this key. */
function readSecrets({ keys, secrets }: Database, key: string): string[] {
  return secrets.map((secret) => {
    const { name, rest } = head(Buffer.from(secret, "hex"), "#");
    const dataKey = name === undefined ? key : decrypt(Buffer.from(keys[name] ?? "", "hex"), key);
    return decrypt(rest, dataKey).toString();
  });
}

/** Grafana's database out of a backup. */
function openBackup(file: string, folder: string): Database {
  fs.mkdirSync(folder);
  execFileSync("tar", ["-C", folder, "-xf", file, "grafana.tar"]);
  execFileSync("tar", ["-C", folder, "-xf", path.join(folder, "grafana.tar")]);
  const stdout = execFileSync("python3", ["-c", READ_DATABASE, path.join(folder, "grafana.db")], { encoding: "utf8" });
  return JSON.parse(stdout) as Database;
}

/** Attacks by whoever gets a backup. */
export function grafanaKeyAttacks(lab: () => UserLab): void {
  it("gives the thief of a backup no password of a datasource", async () => {
    const grafana = `http://127.0.0.1:${String(lab().ports.grafanaPort)}`;
    const authorization = `Basic ${Buffer.from(`admin:${await lab().password()}`).toString("base64")}`;
    const call = async (method: string, address: string, body?: object): Promise<number> => {
      const headers = { authorization, "content-type": "application/json" };
      return (await fetch(`${grafana}${address}`, { method, headers, body: JSON.stringify(body) })).status;
    };
    const source = {
      uid: "stolen",
      name: "stolen",
      type: "prometheus",
      access: "proxy",
      url: "http://nowhere.invalid",
    };
    const secrets = { basicAuth: true, basicAuthUser: "user", secureJsonData: { basicAuthPassword: PASSWORD } };
    expect(await call("POST", "/api/datasources", { ...source, ...secrets })).toBe(200);

    const file = path.join(lab().folder, "stolen.tar");
    await expectOk(lab().run("backup", [], { FILE: file }).outcome);
    const database = openBackup(file, path.join(lab().folder, "stolen"));
    expect(database.secrets).not.toEqual([]);
    expect(readSecrets(database, WELL_KNOWN_KEY).join()).not.toContain(PASSWORD);

    // the same attack with the key of the lab succeeds, and neither the backup nor what shows a container has it
    const container = lab().container("grafana");
    const archive = execFileSync("docker", ["cp", `${container}:${KEY_FOLDER}/${KEY_FILE}`, "-"]);
    const key = execFileSync("tar", ["-xO"], { input: archive, encoding: "utf8" });
    expect(readSecrets(database, key)).toContain(PASSWORD);
    const shown = execFileSync("docker", ["inspect", container]);
    expect([fs.readFileSync(file), shown].map((it) => it.includes(key))).toEqual([false, false]);
    const state = (await expectOk(lab().run("pulumi", ["stack", "export", "--show-secrets"]).outcome)).stdout;
    expect(state).not.toContain(key);

    expect(await call("DELETE", "/api/datasources/uid/stolen")).toBe(200);
  });
}
