import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import * as path from "node:path";
import { allServices } from "../../lib/settings/services";
import { DECLARATIONS, DEFAULTS, PROJECT } from "../support/fixtures";

const IMAGES = Object.entries(DEFAULTS).filter(([setting]) => setting.endsWith("Image"));
/** The official image is rebuilt under its tag, and no registry has been asked for the digest of the day. */
const WITHOUT_DIGEST = ["swarmDiscoveryImage"];
const FILES = execFileSync("git", ["ls-files"], { cwd: PROJECT, encoding: "utf8" }).trim().split("\n");

interface CustomManager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly autoReplaceStringTemplate?: string;
}

const RENOVATE = JSON.parse(read(".github/renovate.json")) as { readonly customManagers: readonly CustomManager[] };

function read(file: string): string {
  return readFileSync(path.join(PROJECT, file), "utf8");
}

/** What Renovate finds in the files that a manager of ours is for, as `depName currentValue currentDigest`. */
function found({ managerFilePatterns, matchStrings }: CustomManager): string[] {
  const patterns = managerFilePatterns.map((pattern) => new RegExp(pattern.slice(1, -1)));
  return FILES.filter((file) => patterns.some((pattern) => pattern.test(file))).flatMap((file) =>
    matchStrings.flatMap((match) =>
      [...read(file).matchAll(new RegExp(match, "g"))].map(({ groups = {} }) =>
        [groups.depName, groups.currentValue, groups.currentDigest].filter(Boolean).join(" "),
      ),
    ),
  );
}

describe("a dependency of the lab", () => {
  it.each(IMAGES)("%s has a tag, and the digest of its index", (setting, image) => {
    expect(IMAGES).toHaveLength(allServices().length);
    const digest = WITHOUT_DIGEST.includes(setting) ? "" : "@sha256:[0-9a-f]{64}";
    expect(image).toMatch(new RegExp(`^[a-z./-]+:v?\\d+\\.\\d+\\.\\d+${digest}$`));
  });

  it("has the sum of every dashboard that is downloaded", () => {
    const dashboards = DECLARATIONS.communityDashboards?.default as { sha256: string }[];
    expect(dashboards.filter(({ sha256 }) => !/^[0-9a-f]{64}$/.test(sha256))).toEqual([]);
  });

  it.each(FILES.filter((file) => /requirements(-dev)?\.txt$/.test(file)))(
    "%s pins every package by its hashes",
    (file) => {
      const packages = read(file)
        .replaceAll("\\\n", "")
        .split("\n")
        .filter((line) => /^\S/.test(line) && !line.startsWith("#"));
      expect(packages.length).toBeGreaterThan(0);
      expect(packages.filter((line) => !/^[\w.-]+==\S+ .*--hash=sha256:[0-9a-f]{64}/.test(line))).toEqual([]);
    },
  );

  it("has exact versions of npm packages, with the sum of each", () => {
    const { dependencies, devDependencies } = JSON.parse(read("package.json")) as Record<
      string,
      Record<string, string>
    >;
    const versions = Object.values({ ...dependencies, ...devDependencies });
    expect(versions.filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const { packages } = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { integrity?: string; inBundle?: boolean }>;
    };
    const loose = Object.entries(packages).filter(
      ([name, { integrity, inBundle }]) => name !== "" && inBundle !== true && !integrity?.startsWith("sha512-"),
    );
    expect(loose.map(([name]) => name)).toEqual([]);
  });
});

describe("Renovate", () => {
  const [images, ...others] = RENOVATE.customManagers as [CustomManager, ...CustomManager[]];

  it("finds every image, and writes it back as it is", () => {
    expect(found(images)).toEqual(IMAGES.map(([, image]) => image.replace(":", " ").replace("@", " ")));
    const template = images.autoReplaceStringTemplate ?? "";
    const written = IMAGES.map(([, image]) => {
      const [, name = "", tag = "", digest = ""] = /^([^:]+):([^@]+)(?:@(.+))?$/.exec(image) ?? [];
      return template
        .replace("{{{depName}}}", name)
        .replace("{{{newValue}}}", tag)
        .replace("{{#if newDigest}}@{{{newDigest}}}{{/if}}", digest === "" ? "" : `@${digest}`);
    });
    expect(written.filter((text) => !read("Pulumi.yaml").includes(text))).toEqual([]);
  });

  it("finds the version that a script of offline/ names, if the Go modules have those of the other images", () => {
    const tag = (setting: string): string => /:v?([^@]+)/.exec(DEFAULTS[setting] ?? "")?.[1] ?? "";
    expect(others.map(found)).toEqual([[`v${tag("alertmanagerImage")}`]]);
    const modules = read("offline/go.mod");
    expect(modules).toContain(`github.com/prometheus/node_exporter v${tag("nodeExporterImage")} `);
    expect(modules).toContain(`github.com/prometheus/pushgateway v${tag("pushgatewayImage")} `);
    expect(modules).toContain(`github.com/prometheus/prometheus v0.${tag("prometheusImage").replace(".", "")} `);
    expect(modules).toContain(`github.com/google/cadvisor v${tag("cadvisorImage")}\n`);
    expect(read("offline/blackbox-exporter/go.mod")).toContain(`blackbox_exporter v${tag("blackboxExporterImage")} `);
    expect(read("offline/caddy/go.mod")).toContain(`caddyserver/caddy/v2 v${tag("swarmDiscoveryImage")}\n`);
  });

  it("has one version of Pulumi's Go modules, and no newer SDK of the program", () => {
    const [, cli] = /pulumi\/pkg\/v3 v(\S+)/.exec(read("offline/go.mod")) ?? [];
    const [, host] = /pulumi\/sdk\/v3 v(\S+)/.exec(read("offline/go.mod")) ?? [];
    expect(host).toBe(cli);
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const minor = (version: string | undefined): number => Number(version?.split(".")[1]);
    expect(minor(dependencies["@pulumi/pulumi"])).toBeLessThanOrEqual(minor(cli));
  });
});
