import { Value, Values } from "./model";

const REFERENCE = /\$(\w+)|\[\[(\w+)(?::([^\]]+))?\]\]|\$\{(\w+)(?:\.[^:}]+)?(?::([^}]+))?\}/g;
/** Variables that Grafana's Prometheus backend replaces itself, as only it knows the step. */
const OF_BACKEND = /^__(rate_interval|interval|range)(_ms|_s)?$/;

/** Replaces variables as Grafana's Prometheus datasource does; unknown ones stay. */
export function interpolate(text: string, values: Values, defaultFormat = "prometheus"): string {
  return text.replace(
    REFERENCE,
    (whole, plain?: string, old?: string, oldFormat?: string, braced?: string, bracedFormat?: string) => {
      const name = plain ?? old ?? braced ?? "";
      if (OF_BACKEND.test(name)) {
        return `\${${name}}`;
      }
      const value = values.get(name);
      return value === undefined ? whole : format(value, oldFormat ?? bracedFormat ?? defaultFormat);
    },
  );
}

function format(value: Value, name: string): string {
  const { values } = value;
  if (value.allValue !== undefined && name !== "text") {
    return value.allValue;
  }
  const joined = (separator: string, change = (text: string): string => text): string =>
    values.map(change).join(separator);
  switch (name) {
    case "prometheus":
      return value.regex ? alternatives(values.map(escapeInRegex)) : joined(",", escapeInText);
    case "regex":
      return alternatives(values.map((text) => text.replace(/[\\^$*+?.()|[\]{}/]/g, "\\$&")));
    case "pipe":
      return joined("|");
    case "csv":
    case "raw":
      return joined(",");
    case "text":
      return value.texts.join(" + ");
    case "json":
      return JSON.stringify(values.length === 1 ? values[0] : values);
    case "doublequote":
      return joined(",", (text) => `"${text.replaceAll('"', '\\"')}"`);
    case "singlequote":
      return joined(",", (text) => `'${text.replaceAll("'", "\\'")}'`);
    case "percentencode":
      return encodeURIComponent(values.length > 1 ? `{${joined(",")}}` : joined(","));
    default:
      return values.length > 1 ? `{${joined(",")}}` : joined(",");
  }
}

function alternatives(texts: readonly string[]): string {
  return texts.length === 1 ? (texts[0] ?? "") : `(${texts.join("|")})`;
}

/** Escapes for the regular expression, and again for the PromQL string around it. */
function escapeInRegex(text: string): string {
  return text.replaceAll("\\", "\\\\\\\\").replace(/[$^*{}[\]+?.()|]/g, "\\\\$&");
}

function escapeInText(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("'", "\\\\'");
}
