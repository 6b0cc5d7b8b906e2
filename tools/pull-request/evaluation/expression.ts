import { attempt } from "../../../lib/shared/attempt";

/** Parses a regular expression of Grafana: between slashes, or else anchored to the whole text. */
export function readExpression(text: string): RegExp | undefined {
  const [, pattern = `^${text}$`, flags] = /^\/(.*?)\/([gimys]*)$/.exec(text) ?? [];
  if (flags === undefined && text.startsWith("/")) {
    return undefined;
  }
  return attempt(() => new RegExp(pattern, flags));
}
