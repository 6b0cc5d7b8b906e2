/** A regular expression as Grafana reads it: between slashes, or else for the whole text. */
export function readExpression(text: string): RegExp | undefined {
  const [, pattern = `^${text}$`, flags] = /^\/(.*?)\/([gimys]*)$/.exec(text) ?? [];
  if (flags === undefined && text.startsWith("/")) {
    return undefined;
  }
  try {
    return new RegExp(pattern, flags);
  } catch {
    return undefined;
  }
}
