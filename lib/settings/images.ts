// the grammar of https://github.com/distribution/reference/blob/main/reference.go
const DOMAIN_LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const DOMAIN = `(?:${DOMAIN_LABEL}(?:\\.${DOMAIN_LABEL})*|\\[[\\da-fA-F:]+\\])(?::\\d+)?`;
const PATH_COMPONENT = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const NAME = `(?:${DOMAIN}/)?${PATH_COMPONENT}(?:/${PATH_COMPONENT})*`;
const TAG = ":\\w[\\w.-]{0,127}";
const IMAGE = new RegExp(`^${NAME}(?:${TAG}|(?:${TAG})?@sha256:[\\da-f]{64})$`);
const NAMED = new RegExp(`^${NAME}(?:[:@](?!//)|$)`);

/** Why an image cannot be used, with the remedy; undefined if nothing is wrong with its name and tag. */
export function imageProblem(image: string): readonly [problem: string, fix: string] | undefined {
  if (image !== "" && !NAMED.test(image)) {
    const fix = "write it in lower case and without a scheme, as registry.example.org:5000/name:tag";
    return ["is not the name of an image", fix];
  }
  if (!IMAGE.test(image) || image.endsWith(":latest")) {
    return ["needs a name with a fixed tag or a digest", "write it as name:tag or name@sha256:…"];
  }
  return /-distroless(@|$)/.test(image)
    ? ["has no wget, which the health check runs", "set the same tag without -distroless"]
    : undefined;
}
