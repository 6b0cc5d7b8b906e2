import { allServices } from "../../../lib/settings/services";
import { Change } from "./changes";
import { code, list } from "./format";
import { partOf } from "./labels";

const MOST = 20;

/** What restarts, and whether its data stays; Markdown, a paragraph each. */
export function impactOf(changes: readonly Change[]): readonly string[] {
  const volumes = dataVolumes(changes);
  const lost = volumes.filter(({ operation, retained }) => !retained && operation !== "create");
  const restarted = changes.filter(restarts).map((change) => {
    const { kind, name } = partOf(change);
    const data = dataOf(name);
    // with another volume it starts without its earlier data
    const keeps = data === undefined || volumes.some((it) => it.data === data) ? "" : ` (keeps ${data})`;
    return kind === "app" ? "the Flask app (its counters start at 0)" : `${code(name)}${keeps}`;
  });
  return [
    ...(lost.length > 0
      ? [`**Lost**: ${list(lost.map(({ name, data }) => `${data}, with the volume ${code(name)}`))}.`]
      : []),
    ...(restarted.length > 0 ? [`**Restarts**: ${list(restarted, MOST)}.`] : []),
  ];
}

/** Data volumes that are created, deleted or replaced, by their old names. */
function dataVolumes(changes: readonly Change[]): readonly (Change & { readonly data: string })[] {
  return changes
    .filter(({ type, operation }) => type === "docker:index/volume:Volume" && operation !== "update")
    .flatMap((change) => {
      const { name } = partOf(change.operation === "replace" ? { ...change, operation: "delete" } : change);
      const data = dataOf(name);
      return data === undefined ? [] : [{ ...change, name, data }];
    });
}

function restarts(change: Change): boolean {
  return change.operation === "replace" && ["container", "app"].includes(partOf(change).kind);
}

function dataOf(name: string): string | undefined {
  return allServices().find(([, { hostname }]) => name.endsWith(hostname))?.[1].data?.content;
}
