import { setTimeout } from "node:timers/promises";
import { signInHeaders } from "./webSignIn";
import { withTimeout } from "./withTimeout";

const PAUSE_MS = 100;
const ANSWER_MS = 1000;

/**
 * Whether a program comes up: known as soon as a URL of it answers, seconds before its container is known to work, which is
 * the latest.
 */
export async function untilReady(url: string, works: Promise<boolean>, password?: string): Promise<boolean> {
  let known: boolean | undefined;
  void works.then((it) => (known = it));
  while (known === undefined && !(await isReady(url, signInHeaders(password)))) {
    // a program that was refused, and makes nothing, is not kept from ending
    await setTimeout(PAUSE_MS, undefined, { ref: false });
  }
  return known ?? true;
}

async function isReady(url: string, headers: Record<string, string>): Promise<boolean> {
  return withTimeout(ANSWER_MS, (signal) => fetch(url, { headers, signal })).then(
    ({ ok }) => ok,
    () => false,
  );
}
