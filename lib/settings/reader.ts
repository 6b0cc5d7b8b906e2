import { isIPv4 } from "node:net";
import { parseJson } from "../shared/attempt";
import { seconds } from "../shared/duration";
import { isObject } from "../shared/isObject";
import { Problem } from "../shared/problems";
import { gatewayOf, networkProblem } from "./cidr";
import { imageProblem } from "./images";
import { namesSecret, redactSecrets } from "./secretFields";
import { prometheusName, suggestion } from "./suggestion";

// Prometheus' own grammar, https://prometheus.io/docs/prometheus/latest/configuration/configuration/
const DURATION = /^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?$/;
/** `user:password@`, but not an image's tag before its digest. */
const CREDENTIALS = /(:|\/\/|")[^\s"/]*@(?!sha256:)/;
const NO_OTHERS = /(?!)/;
const MIN_MEMORY = 32;
const MIN_PASSWORD = 8;
export const MAX_PORT = 65535;

/** The remedy for a secret in plain text: a setting, or a path in one. */
export function setAsSecret(place: string): string {
  // quoted twice: a shell reads ARGS, and then the shell of make
  const name = /^\w+$/.test(place) ? place : `--path '${place.replaceAll('"', '\\"')}'`;
  return `set it with make config ARGS="set --secret ${name}"`;
}

/** The objects of a JSON list; undefined for any other text. */
function parseList(text: string): Record<string, unknown>[] | undefined {
  const entries = parseJson(text);
  return Array.isArray(entries) && entries.every(isObject) ? entries : undefined;
}

/** Options for reading a list. */
interface ListOptions {
  /** Whether messages show no values. */
  readonly confidential?: boolean;
  /** Other fields that are allowed. */
  readonly others?: RegExp;
  /** Prometheus' fields that have another name here. */
  readonly renamed?: Readonly<Record<string, string>>;
}

/** Reads and validates one setting at a time and collects all problems. */
export class SettingsReader {
  readonly problems: Problem[] = [];
  private readonly known = new Set<string>();

  constructor(
    private readonly values: Readonly<Record<string, string>>,
    private readonly secrets: ReadonlySet<string>,
  ) {}

  text(setting: string): string {
    this.known.add(setting);
    const value = this.values[setting];
    if (value === undefined) {
      this.addProblem(setting, undefined, "has no value", "restore its default in Pulumi.yaml");
    }
    return value ?? "";
  }

  port(setting: string): number {
    return this.integer(setting, 1, MAX_PORT, "a port");
  }

  memory(setting: string): number {
    return this.integer(setting, MIN_MEMORY, 1024 * 1024, "a whole number of MiB");
  }

  image(setting: string): string {
    const value = this.text(setting);
    const wrong = imageProblem(value);
    if (wrong !== undefined) {
      this.addProblem(setting, value, ...wrong);
    }
    return value;
  }

  duration(setting: string, longest: string): string {
    const value = this.text(setting);
    if (value === "" || !DURATION.test(value) || !/[1-9]/.test(value)) {
      this.addProblem(
        setting,
        value,
        "is not a duration above zero",
        "write it as Prometheus does, such as 5s, 1m30s or 7d",
      );
    } else if (seconds(value) > seconds(longest)) {
      this.addProblem(setting, value, `must be at most ${longest}`, "set a shorter one");
    }
    return value;
  }

  address(setting: string): string {
    const value = this.text(setting);
    if (!isIPv4(value)) {
      this.addProblem(setting, value, "is not an IPv4 address", "use 127.0.0.1, or another address of this machine");
    }
    return value;
  }

  /** A text that matches a pattern. */
  matching(setting: string, pattern: RegExp, problem: string, fix: string): string {
    const value = this.text(setting);
    if (!pattern.test(value)) {
      this.addProblem(setting, value, problem, fix);
    }
    return value;
  }

  namePrefix(setting: string): string {
    const problem = 'must be up to 32 letters, digits, "_", "." and "-", starting with a letter or digit';
    return this.matching(setting, /^([a-zA-Z0-9][\w.-]{0,31})?$/, problem, "write it like team-a-");
  }

  oneOf<T extends string>(setting: string, allowed: readonly T[]): T {
    const value = this.text(setting) as T;
    if (!allowed.includes(value)) {
      this.addProblem(setting, value, `must be ${allowed.join(" or ")}`, "set one of these");
    }
    return value;
  }

  flag(setting: string): boolean {
    return this.oneOf(setting, ["false", "true"]) === "true";
  }

  /** A label of a Swarm node as `name=value`, undefined if empty. */
  nodeLabel(setting: string): string | undefined {
    const fix = "write it as name=value, or leave it empty for every node";
    const value = this.matching(setting, /^([\w.-]+=[\w.-]+)?$/, "is not a label", fix);
    return value === "" ? undefined : value;
  }

  subnet(setting: string): { subnet: string; gateway: string } {
    const subnet = this.text(setting);
    const wrong = networkProblem(subnet);
    if (wrong !== undefined) {
      this.addProblem(setting, subnet, wrong, "use a private network such as 172.30.90.0/24");
      return { subnet, gateway: "" };
    }
    return { subnet, gateway: gatewayOf(subnet) };
  }

  password(setting: string): string | undefined {
    const value = this.text(setting);
    if (value === "") {
      return undefined;
    }
    if (!this.isSecret(setting)) {
      this.addProblem(setting, undefined, "is in plain text", setAsSecret(setting));
    } else if (value.length < MIN_PASSWORD || /[\r\n]/.test(value)) {
      this.addProblem(
        setting,
        undefined,
        `needs at least ${String(MIN_PASSWORD)} characters in one line`,
        value.length < MIN_PASSWORD ? "set a longer one" : "set another one",
      );
    }
    return value;
  }

  /** Reports settings with the same value as an earlier one. */
  distinct(settings: readonly string[]): void {
    const holders = new Map<number, string>();
    for (const setting of settings) {
      const text = this.values[setting] ?? "";
      if (!/^\d+$/.test(text)) {
        continue; // already reported as an invalid port
      }
      const value = Number(text);
      const holder = holders.get(value);
      if (holder !== undefined) {
        this.addProblem(setting, value, `is also the value of ${holder}`, "set a different port for each");
      }
      holders.set(value, holder ?? setting);
    }
  }

  /** Reports all other secrets: their values would appear in diffs and files. */
  secretOnly(allowed: readonly string[]): void {
    for (const setting of this.secrets) {
      if (this.known.has(setting) && !allowed.includes(setting)) {
        this.addProblem(setting, undefined, "must not be a secret", "set it without --secret");
      }
    }
  }

  /** Reports every setting that was not read. */
  unknown(): void {
    const known = [...this.known];
    for (const setting of Object.keys(this.values).filter((key) => !this.known.has(key))) {
      const hint = suggestion(setting, known) ?? "see Pulumi.yaml.";
      this.addProblem(
        setting,
        undefined,
        "is not a setting of the lab",
        `${hint} Remove it from Pulumi.<stack>.yaml, or with make config ARGS="rm ${setting}"`,
      );
    }
  }

  integer(setting: string, low: number, high: number, what: string): number {
    const text = this.text(setting);
    const value = /^\d+$/.test(text) ? Number(text) : NaN;
    if (!(value >= low && value <= high)) {
      this.addProblem(setting, text, `must be ${what} from ${String(low)} to ${String(high)}`, "set one in this range");
    }
    return value;
  }

  /** A list of objects with these fields, or fields matching `others`; messages show no values of a confidential one. */
  list(
    setting: string,
    fields: readonly string[],
    { confidential = false, others = NO_OTHERS, renamed = {} }: ListOptions = {},
  ): Readonly<Record<string, unknown>>[] {
    const text = this.text(setting);
    const entries = parseList(text);
    const shape = `a list of {${fields.join(", ")}}`;
    if (entries === undefined) {
      const shown = confidential || namesSecret(text) ? undefined : text;
      this.addProblem(setting, shown, `must be ${shape}`, "see its description in Pulumi.yaml");
      return [];
    }
    entries.forEach((entry, index) => {
      const wrong = Object.keys(entry).filter((field) => !fields.includes(field) && !others.test(field));
      if (wrong.length > 0) {
        const [hint] = wrong.flatMap(
          (field) => suggestion(field, fields) ?? prometheusName(field, others, renamed) ?? [],
        );
        const fix = hint === undefined ? `write it as ${shape}` : `${hint} Write it as ${shape}`;
        // a field that is like none of the list's may be a secret
        const strange = wrong.some((field) => suggestion(field, fields) === undefined);
        const value = confidential || (strange && others !== NO_OTHERS) ? undefined : entry;
        this.addProblem(`${setting}[${String(index)}]`, value, `has an unknown field ${wrong.join(", ")}`, fix);
      }
    });
    return entries;
  }

  /** Whether a setting is a secret, or the one that a path such as `remoteWrite[0].url` is in. */
  isSecret(place: string): boolean {
    return this.secrets.has(place.replace(/[.[].*$/s, ""));
  }

  /** Adds a problem of a setting or of a part of it, without the value if that is a secret or has credentials. */
  addProblem(setting: string, value: unknown, problem: string, fix: string): void {
    const hidden = this.isSecret(setting) || CREDENTIALS.test(JSON.stringify(value ?? ""));
    this.problems.push({ setting, value: hidden ? undefined : redactSecrets(value), problem, fix });
  }
}
