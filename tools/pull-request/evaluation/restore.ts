import { StandIns } from "../standIns";

/** A number that is not a port, nor part of an address or a name, with its unit. */
const VALUE = /((?<![\w.:/-])\d+(?:[.,]\d+)?(?!\w*[.,]\d)\w*)/;

/** Replaces stand-ins by declared values; only a number after a colon is a port, all others are values. */
export function restoreText(text: string, standIns: Pick<StandIns, "restore">): string {
  const parts = text.split(VALUE);
  return parts.map((part, index) => (index % 2 === 1 ? part : standIns.restore(part))).join("");
}
