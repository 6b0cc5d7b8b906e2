import { randomBytes, randomInt } from "node:crypto";
import * as path from "node:path";
import { SettingsReader } from "../../lib/settings/reader";
import { readConfig } from "../../lib/settings/stackFiles";
import { attempt } from "../../lib/shared/attempt";
import { NOWHERE } from "../../lib/shared/names";
import { LabError } from "../../lib/shared/problems";
import { isObject } from "../../lib/shared/isObject";

/** Settings that override a checkout's own in a preview lab. */
export interface Substituted {
  readonly config: Readonly<Record<string, unknown>>;
  /** Secret settings and parts of them, by the path for `pulumi config set --path`. */
  readonly secrets: Readonly<Record<string, string>>;
}

/** Allocates what a preview lab needs on this machine. */
export interface Allocator {
  readonly freePort: () => Promise<number>;
  readonly freeSubnet: () => string;
}

const PROJECT = "observability-lab";
/** Unreachable, so that a preview lab sends no alerts. */
const NO_WEBHOOK = `http://nobody${NOWHERE}/`;
const STAND_IN_URL = /http:\/\/[a-p]{24}\.invalid/g;

/**
 * Stand-ins let the labs of two checkouts be one lab beside all others on the machine, and can be replaced in texts by
 * the declared values for the reader: a declared value always has the same stand-in.
 */
export class StandIns {
  /** Declared values by stand-in. */
  private readonly ports = new Map<number, number>();
  private readonly subnets = new Map<string, string>();
  private readonly secrets = new Map<string, string>();
  private readonly receivers = new Map<string, string>();

  /**
   * @param prefix Put before every name; unlikely to occur in a text by chance.
   */
  constructor(
    readonly prefix: string,
    private readonly allocator: Allocator,
  ) {}

  /**
   * The settings that override those in a checkout's stack file.
   *
   * @throws LabError if the checkout has no name prefix: its lab would replace another.
   */
  async settingsOf(checkout: string, stack: string): Promise<Substituted> {
    // undefined for a file that is missing or not YAML, which the program itself reports
    const [schema, declared] = ["Pulumi.yaml", `Pulumi.${stack}.yaml`].map((file) =>
      attempt(() => readConfig(path.join(checkout, file))),
    );
    const valueOf = (key: string, declaration: unknown): unknown =>
      declared?.[`${PROJECT}:${key}`] ??
      (isObject(declaration) ? (declaration.value ?? declaration.default) : declaration);
    if (schema !== undefined && !("namePrefix" in schema)) {
      throw new LabError("it has no setting namePrefix, so its lab cannot run beside another one");
    }

    const config: Record<string, unknown> = {};
    const secrets: Record<string, string> = {};
    for (const [key, declaration] of Object.entries(schema ?? {})) {
      const value = valueOf(key, declaration);
      if (key === "namePrefix") {
        config[key] = `${this.prefix}${typeof value === "string" ? value : ""}`;
      } else if (isObject(value) && "secure" in value) {
        secrets[key] = this.secretFor(key, JSON.stringify(value.secure));
      } else if (key === "alertWebhook" && typeof value === "string" && value !== "") {
        // declared in plain text, so it stays plain text and is rejected for that
        config[key] = this.secretFor(key, value);
      } else if (key === "remoteWrite" && Array.isArray(value) && value.length > 0) {
        config[key] = value.map((entry: unknown, index) =>
          this.receiverFor(entry, `${key}[${String(index)}]`, secrets),
        );
      } else if (key === "extraScrapeTargets" && JSON.stringify(value ?? "").includes('"secure":')) {
        config[key] = this.withoutSecrets(value, key, secrets);
      } else if (key.endsWith("Port") && isPort(value)) {
        config[key] = await standInFor(this.ports, Number(value), this.allocator.freePort);
      } else if (["subnet", "overlaySubnet"].includes(key) && isSubnet(value)) {
        config[key] = await standInFor(this.subnets, value, this.allocator.freeSubnet);
      }
    }
    return { config, secrets };
  }

  /** Replaces the stand-ins in a text by the values that the checkouts declare. */
  restore(text: string): string {
    // each kind in a single pass, as a declared value may itself be a stand-in
    return text
      .replaceAll(this.prefix, "")
      .replace(/(?<![\d.])\d+(?!\.?\d)/g, (number) => String(this.ports.get(Number(number)) ?? number))
      .replace(/(?<![\d.])(\d+(?:\.\d+){3})(\/\d+)?(?!\d)/g, (shown, address: string, bits = "") =>
        this.declaredAddress(shown, address, String(bits)),
      )
      .replace(STAND_IN_URL, (url) => this.receivers.get(url) ?? url);
  }

  /** Maps an address to the same offset in the declared subnet; every stand-in is a /24. */
  private declaredAddress(shown: string, address: string, bits: string): string {
    const host = Number(/\d+$/.exec(address)?.[0]);
    const declared = host > 255 ? undefined : this.subnets.get(address.replace(/\d+$/, "0/24"));
    if (declared === undefined) {
      return shown;
    }
    const [, network = "", first = "", size = ""] = /^(.+\.)(\d+)(\/.+)$/.exec(declared) ?? [];
    const last = Number(first) + host;
    return last > 255 ? shown : `${network}${String(last)}${bits === "/24" ? size : bits}`;
  }

  /** A remote write receiver at an unreachable URL, with stand-ins for its secrets. */
  private receiverFor(entry: unknown, place: string, secrets: Record<string, string>): unknown {
    if (!isObject(entry)) {
      return entry;
    }
    const { url, ...rest } = entry;
    return { ...(this.withoutSecrets(rest, place, secrets) as object), url: this.urlFor(url) };
  }

  /** A part of a setting with its secrets replaced by stand-ins that depend on the path. */
  private withoutSecrets(part: unknown, place: string, secrets: Record<string, string>): unknown {
    const inner = (item: unknown, key: string): readonly unknown[] => {
      if (!isObject(item) || !("secure" in item)) {
        return [this.withoutSecrets(item, `${place}${key}`, secrets)];
      }
      secrets[`${place}${key}`] = this.secretFor(key, JSON.stringify(item.secure));
      return [];
    };
    if (Array.isArray(part)) {
      return part.flatMap((item, index) => inner(item, `[${String(index)}]`));
    }
    if (!isObject(part)) {
      return part;
    }
    const fields = Object.entries(part).map(
      ([name, item]) => [name, inner(item, /^\w+$/.test(name) ? `.${name}` : `["${name}"]`)] as const,
    );
    return Object.fromEntries(fields.flatMap(([name, [item]]) => (item === undefined ? [] : [[name, item]])));
  }

  private urlFor(declared: unknown): string {
    const shown = typeof declared === "string" ? declared : "[secret]";
    const known = keyOf(this.receivers, shown);
    if (known !== undefined) {
      return known;
    }
    // without digits, which could be the stand-in of a port
    const name = randomBytes(12)
      .toString("hex")
      .replace(/\d/g, (digit) => "ghijklmnop".charAt(Number(digit)));
    if (shown.includes("@")) {
      return `http://user@${name}${NOWHERE}`; // rejected like the declared one, and never restored to it
    }
    const url = `http://${name}${NOWHERE}`;
    this.receivers.set(url, shown);
    return url;
  }

  /** A different value for each ciphertext, so that a changed secret shows without the team's passphrase. */
  private secretFor(key: string, ciphertext: string): string {
    const id = `${key} ${ciphertext}`;
    const value = this.secrets.get(id) ?? (key === "alertWebhook" ? NO_WEBHOOK : "") + randomBytes(12).toString("hex");
    this.secrets.set(id, value);
    return value;
  }
}

/** The stand-in of a declared value: its own, or one that is free and no other's. */
async function standInFor<T>(standIns: Map<T, T>, declared: T, free: () => T | Promise<T>): Promise<T> {
  let standIn = keyOf(standIns, declared) ?? (await free());
  while ((standIns.get(standIn) ?? declared) !== declared) {
    standIn = await free();
  }
  standIns.set(standIn, declared);
  return standIn;
}

/** A random port below the ephemeral port range. */
export function randomPort(): number {
  return randomInt(30_000, 32_768);
}

/** Whether a lab can use the subnet; an invalid one stays, so that it is rejected. */
function isSubnet(value: unknown): value is string {
  const reader = new SettingsReader({ subnet: String(value) }, new Set());
  reader.subnet("subnet");
  return typeof value === "string" && reader.problems.length === 0;
}

function isPort(value: unknown): boolean {
  return /^\d+$/.test(String(value)) && Number(value) >= 1 && Number(value) <= 65_535;
}

function keyOf<K, V>(map: ReadonlyMap<K, V>, value: V): K | undefined {
  return [...map].find(([, it]) => it === value)?.[0];
}
