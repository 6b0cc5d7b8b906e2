/** Parses a regular expression of Grafana: between slashes, or else anchored to the whole text. */
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
