import { Operation } from "./changes";

/** A line of the table: what happens to a part of the lab. */
export interface Row {
  readonly operation: Operation;
  readonly kind: string;
  readonly name: string;
  /** Markdown; empty where the operation says it all. */
  readonly detail: string;
}

/** What tells a row from others. */
export function rowKey({ kind, name }: Pick<Row, "kind" | "name">): string {
  return `${kind} ${name}`;
}

/** What happens to a thing that is there before or after. */
export function operationOf(before: unknown, after: unknown): Operation {
  if (before === undefined) {
    return "create";
  }
  return after === undefined ? "delete" : "update";
}
