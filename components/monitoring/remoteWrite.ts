import * as pulumi from "@pulumi/pulumi";
import { RemoteWriteReceiver, Settings } from "../../lib/settings/settings";
import { CONFIG_FOLDER, ConfigFile } from "../container/spec";

/** Seconds for which a stopping Prometheus waits for each receiver in turn; Docker kills it after 10 in all. */
const FLUSH_DEADLINE = 1;

/** The part of prometheus.yml for the receivers; empty without any. Credentials are in separate files. */
export function renderRemoteWrite({ remoteWrite }: Settings): object {
  return remoteWrite.length === 0
    ? {}
    : { remote_write: remoteWrite.map((receiver, index) => ({ url: receiver.url, ...signIn(receiver, index) })) };
}

/** The files with credentials, which Prometheus reads for each request. */
export function remoteWriteSecrets({ remoteWrite }: Settings): readonly ConfigFile[] {
  return remoteWrite.flatMap(({ password, bearerToken }, index) => {
    const secret = password ?? bearerToken;
    return secret === undefined ? [] : [{ file: secretFile(index), content: pulumi.secret(secret) }];
  });
}

/** Flags of a Prometheus with receivers. */
export function remoteWriteFlags({ remoteWrite }: Settings): readonly string[] {
  return remoteWrite.length === 0 ? [] : [`--storage.remote.flush-deadline=${String(FLUSH_DEADLINE)}s`];
}

function signIn({ username, password, bearerToken }: RemoteWriteReceiver, index: number): object {
  const file = `${CONFIG_FOLDER}/${secretFile(index)}`;
  if (password !== undefined) {
    return { basic_auth: { username, password_file: file } };
  }
  return bearerToken === undefined ? {} : { authorization: { credentials_file: file } };
}

function secretFile(index: number): string {
  return `remote_write_${String(index)}`;
}
