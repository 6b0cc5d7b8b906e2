import { SettingsReader } from "./reader";

/** bcrypt's limit in bytes; it ignores the rest. */
const MAX_BCRYPT = 72;

/** A password that bcrypt uses completely, and that is unchanged after Prometheus has trimmed its file. */
export function readWebPassword(read: SettingsReader, setting: string): string | undefined {
  const noted = read.problems.length;
  const value = read.password(setting);
  if (value === undefined || read.problems.length > noted) {
    return value;
  }
  if (Buffer.byteLength(value) > MAX_BCRYPT) {
    const problem = `is longer than ${String(MAX_BCRYPT)} bytes, after which bcrypt ignores it`;
    read.addProblem(setting, undefined, problem, "set a shorter one");
  } else if (value.trim() !== value || /\p{Cc}/u.test(value)) {
    read.addProblem(setting, undefined, "has spaces around it or control characters", "set one without them");
  }
  return value;
}
