import { isMap, isScalar, isSeq, LineCounter, Node, parseDocument, visit } from "yaml";

/** What is wrong with the text of a rule file as far as its grammar tells, each as `LINE:COLUMN: …`. */
export async function findSyntaxErrors(text: string): Promise<readonly string[]> {
  const lines = new LineCounter();
  const place = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${String(line)}:${String(col)}`;
  };
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  if (document.errors.length > 0) {
    // the others mostly follow from the first
    return document.errors.slice(0, 1).map(({ message, pos }) => `${place(pos[0])}: not YAML: ${message}`);
  }
  if (!isMap(document.contents) || !isSeq(document.get("groups"))) {
    return ["1:1: has no list of groups"];
  }
  const expressions: { node: Node; text: string }[] = [];
  visit(document, {
    Pair: (_, { key, value }) => {
      if (isScalar(key) && key.value === "expr" && isScalar(value)) {
        expressions.push({ node: value, text: String(value.value) });
      }
    },
  });
  // 0.1 s to load, which only a lab without images has to wait
  const { parser } = await import("@prometheus-io/lezer-promql");
  return expressions.flatMap(({ node, text: query }) => {
    let wrong: string | undefined;
    parser.parse(query).iterate({
      enter: ({ type, from }) => {
        if (type.isError) {
          wrong ??= query.slice(from, from + 20);
        }
      },
    });
    const near = wrong === "" ? "at its end" : `near "${wrong ?? ""}"`;
    return wrong === undefined ? [] : [`${place(node.range?.[0] ?? 0)}: no PromQL ${near}: ${query}`];
  });
}
