import * as path from "node:path";
import { LabError } from "./problems";

/** Characters of a foreign text that a message shows. */
const SHOWN = 100;

/**
 * The path of a file or folder with a foreign name, directly in a folder.
 *
 * @throws LabError for a name that refers to another folder.
 */
export function childPath(folder: string, name: string): string {
  const child = path.resolve(folder, name);
  // a backslash is a separator on Windows, where such a name would refer to another folder
  if (path.dirname(child) !== path.resolve(folder) || path.basename(child) !== name || /[\\\0]/.test(name)) {
    throw new LabError(`${quote(name)} is not the name of a file in ${folder}; nothing was read or written there`);
  }
  return child;
}

/**
 * A foreign text as one segment of a URL's path.
 *
 * @throws LabError for an empty text, and for `.` and `..`, which URL parsers resolve
 *   (https://url.spec.whatwg.org/#double-dot-path-segment).
 */
export function urlSegment(text: string): string {
  if (["", ".", ".."].includes(text)) {
    throw new LabError(`${quote(text)} cannot be a part of a URL's path; no request was sent`);
  }
  return encodeURIComponent(text);
}

/** A foreign text for a terminal: shortened, and without control sequences. */
export function quote(text: string): string {
  const cut = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return JSON.stringify(cut).replace(/(?! )[\p{C}\p{Z}]/gu, (it) =>
    Array.from({ length: it.length }, (_, index) => `\\u${it.charCodeAt(index).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );
}
