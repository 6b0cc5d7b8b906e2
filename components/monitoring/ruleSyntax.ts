import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

/** Syntax errors of a rule file, each as `LINE:COLUMN: …`. */
export async function findSyntaxErrors(text: string): Promise<readonly string[]> {
  const lines = new LineCounter();
  const position = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${String(line)}:${String(col)}`;
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    // further errors mostly result from the first
    return document.errors.slice(0, 1).map(({ message, pos }) => `${position(pos[0])}: not YAML: ${message}`);
  }
  const root = document.contents;
  const groups = isMap(root) ? root.get("groups") : root;
  // Prometheus also accepts a file without groups
  if (groups === null || groups === undefined || (isScalar(groups) && groups.value === null)) {
    return [];
  }
  if (!isSeq(groups)) {
    return ["1:1: groups is not a list"];
  }
  const rules = groups.items.flatMap((group) => listIn(group, "rules"));
  const expressions = rules.flatMap((rule) => {
    const node = isMap(rule) ? rule.get("expr", true) : undefined;
    return isScalar(node) ? [{ node, text: String(node.value) }] : [];
  });
  // 0.1 s to load, which only a lab without images needs
  const { parser } = await import("@prometheus-io/lezer-promql");
  return expressions.flatMap(({ node, text: query }) => {
    let failing: string | undefined;
    parser.parse(query).iterate({
      enter: ({ type, from }) => {
        if (type.isError) {
          failing ??= query.slice(from, from + 20);
        }
      },
    });
    const near = failing === "" ? "at its end" : `near "${failing ?? ""}"`;
    return failing === undefined ? [] : [`${position(node.range?.[0] ?? 0)}: no PromQL ${near}: ${query}`];
  });
}

function listIn(map: unknown, key: string): readonly unknown[] {
  const list = isMap(map) ? map.get(key) : undefined;
  return isSeq(list) ? list.items : [];
}
