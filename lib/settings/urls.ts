import { webhookProblem } from "./alertReceivers";
import { isUrl } from "./lists";
import { setAsSecret, SettingsReader } from "./reader";

/** A URL, or an attempt at one: a scheme of two letters or more, or no scheme and a host. */
const LIKE_A_URL = /^\s*([a-z][a-z\d+.-]+:|[\\/]{2})/i;

/** A URL without possible secrets, or a folder; messages do not show a rejected URL. */
export function readCatalogueAddress(read: SettingsReader, setting: string): string {
  const value = read.text(setting);
  if (!LIKE_A_URL.test(value) || read.isSecret(setting)) {
    return value; // rejected as a secret anyway
  }
  if (!isUrl(value) || /\s/.test(value) || !URL.canParse(value)) {
    const fix = "write it as https://example.org/api/dashboards, or a folder as ./folder";
    read.addProblem(setting, undefined, "is not an http or https URL", fix);
    return value;
  }
  const { username, password, search, hash } = new URL(value);
  const wrong =
    username !== "" || password !== ""
      ? "holds credentials, which the settings' file and its history would show"
      : search !== "" || hash !== ""
        ? "has a query or a fragment, so the path of a dashboard cannot be appended"
        : undefined;
  if (wrong !== undefined) {
    read.addProblem(setting, undefined, wrong, "set a URL without them, or download the files and set their folder");
  }
  return value;
}

/** A URL that may contain a token: a secret, and in no message. */
export function readWebhook(read: SettingsReader, setting: string): string | undefined {
  const value = read.text(setting);
  if (value === "") {
    return undefined;
  }
  const wrong = !read.isSecret(setting)
    ? { problem: "is in plain text", fix: setAsSecret(setting) }
    : // Alertmanager reads the URL as a template, in which braces have a meaning
      !/^https?:\/\/[^\s{}]+$/.test(value) || !URL.canParse(value)
      ? { problem: "is not an http or https URL", fix: "write it as https://example.org/path, or leave it empty" }
      : webhookProblem(value);
  if (wrong !== undefined) {
    read.addProblem(setting, undefined, wrong.problem, wrong.fix);
  }
  return value;
}
