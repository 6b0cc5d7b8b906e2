// Prints a CycloneDX bill of materials of the lab: npm's own list of its lock file, and in addition the images of
// Pulumi.yaml, the packages of every requirements.txt, the modules of every go.mod and the parts that offline/ builds
// of them.
// usage: sbom.js
const { execFileSync } = require("node:child_process");
const { readFileSync } = require("node:fs");
const path = require("node:path");
const { parse } = require("yaml");
const parts = require("./offline-parts");

const root = path.dirname(__dirname);
const run = (program, ...args) =>
  execFileSync(program, args, { cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
const read = (file) => readFileSync(path.join(root, file), "utf8");

const bom = JSON.parse(run("npm", "sbom", "--sbom-format", "cyclonedx", "--package-lock-only"));
const files = run("git", "ls-files").trim().split("\n");

// https://github.com/package-url/purl-spec
const component = (type, purl, name, version, hash) => ({
  "bom-ref": purl,
  type,
  name,
  version,
  purl,
  ...(hash === undefined ? {} : { hashes: [{ alg: "SHA-256", content: hash }] }),
});

const images = Object.entries(parse(read("Pulumi.yaml")).config)
  .filter(([setting]) => setting.endsWith("Image"))
  .map(([, { default: image }]) => {
    const [, registry = "", name, tag, digest] = /^([^/]+\.[^/]+\/)?([^:]+):([^@]+)(?:@sha256:(.+))?$/.exec(image);
    const version = digest === undefined ? tag : encodeURIComponent(`sha256:${digest}`);
    const at = registry === "" ? "" : `repository_url=${registry.slice(0, -1)}&`;
    const full = name.includes("/") ? name : `library/${name}`;
    return component("container", `pkg:docker/${full}@${version}?${at}tag=${tag}`, registry + name, tag, digest);
  });

const python = files
  .filter((file) => /requirements[\w-]*\.txt$/.test(file))
  .flatMap((file) => [...read(file).matchAll(/^([\w.-]+)==([^\s;]+)/gm)])
  .map(([, name, version]) => component("library", `pkg:pypi/${name.toLowerCase()}@${version}`, name, version));

const goFiles = files.filter((file) => path.basename(file) === "go.mod");
const required = goFiles.flatMap((file) =>
  [...read(file).matchAll(/^(?:require )?\s*([\w.-]+\.[\w-]+\/\S+) (v\S+)( \/\/ indirect)?$/gm)].map(
    ([, name, version, indirect]) => ({ file, name, version, indirect: indirect !== undefined }),
  ),
);
const replacements = goFiles.flatMap((file) =>
  [...read(file).matchAll(/(\S+)(?: v\S+)? => (\S+) (v\S+)/g)].map(([, of, name, version]) => ({
    file,
    of,
    name,
    version,
  })),
);
// a replaced module is not compiled
const modules = [...required.filter(({ name }) => !replacements.some(({ of }) => of === name)), ...replacements];
const go = modules.map(({ name, version }) => component("library", `pkg:golang/${name}@${version}`, name, version));

/** Version of the module that a part of offline/ is built from: in its build script, its go.mod, or one that requires it. */
function versionOf({ name, module, folder = "offline/" }) {
  const scripts = files.filter((file) => /^offline\/.*build$/.test(file)).map(read);
  const script = scripts.find((text) => text.includes(`${module}@`)) ?? "";
  const found = modules.filter((it) => it.name === module && it.file.startsWith(folder));
  const nearest =
    found.find(({ file }) => file === `offline/${name}/go.mod`) ?? found.find(({ indirect }) => !indirect);
  return /^version=(\S+)/m.exec(script)?.[1] ?? (nearest ?? found[0])?.version;
}

const built = parts
  .map((part) => ({ ...part, version: part.module && versionOf(part) }))
  .filter(({ module, version }) => module === undefined || version !== undefined)
  .map(({ name, module, version, license, scope }) => ({
    "bom-ref": `offline/${name}`,
    type: "application",
    name,
    ...(version === undefined ? {} : { version, purl: `pkg:golang/${module}@${version}` }),
    licenses: [license.includes(" ") ? { expression: license } : { license: { id: license } }],
    ...(scope === undefined ? {} : { scope }),
  }));

const known = new Map([...bom.components, ...images, ...python, ...go, ...built].map((it) => [it["bom-ref"], it]));
console.log(JSON.stringify({ ...bom, components: [...known.values()] }, null, 2));
