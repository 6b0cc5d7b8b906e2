/** What an expression of a workflow may name: contexts by name, functions of the job's status by name. */
export interface Scope {
  readonly contexts: Readonly<Record<string, unknown>>;
  readonly status: Readonly<Record<string, boolean>>;
}

const TOKEN = /\s*(&&|\|\||==|!=|[!(),]|'(?:[^']|'')*'|-?\d+(?:\.\d+)?|[\w-]+(?:\.(?:[\w-]+|\*))*)/y;

/** Value of an expression, with or without `${{ }}`, by GitHub's rules; what this does not know is an error. */
export function evaluate(expression: string, scope: Scope): unknown {
  const text = expression.trim().replace(/^\$\{\{(.*)\}\}$/s, "$1");
  const parser = new Parser(tokens(text), scope);
  return parser.whole(text);
}

/** A text with every `${{ }}` in it replaced by its value. */
export function interpolate(text: string, scope: Scope): string {
  return text.replace(/\$\{\{(.*?)\}\}/gs, (_, expression: string) => asText(evaluate(expression, scope)));
}

/** What a step's or a job's `if` says: without a question for the status it holds after success alone. */
export function holds(condition: string | undefined, scope: Scope): boolean {
  const asksStatus = /\b(success|failure|cancelled|always)\(\)/.test(condition ?? "");
  return (asksStatus || scope.status.success === true) && truthy(evaluate(condition ?? "true", scope));
}

function tokens(text: string): string[] {
  const found: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const start = TOKEN.lastIndex;
    const token = TOKEN.exec(text)?.[1];
    if (token === undefined) {
      throw new Error(`unknown in an expression: ${text.slice(start)}`);
    }
    found.push(token);
  }
  return found;
}

/** Reads and evaluates at once; both sides of an operator are free of effects. */
class Parser {
  private next = 0;

  constructor(
    private readonly tokens: readonly string[],
    private readonly scope: Scope,
  ) {}

  whole(text: string): unknown {
    const value = this.or();
    if (this.next < this.tokens.length) {
      throw new Error(`unexpected ${String(this.tokens[this.next])} in ${text}`);
    }
    return value;
  }

  private takes(token: string): boolean {
    const taken = this.tokens[this.next] === token;
    this.next += taken ? 1 : 0;
    return taken;
  }

  private or(): unknown {
    let left = this.and();
    while (this.takes("||")) {
      const right = this.and();
      left = truthy(left) ? left : right;
    }
    return left;
  }

  private and(): unknown {
    let left = this.comparison();
    while (this.takes("&&")) {
      const right = this.comparison();
      left = truthy(left) ? right : left;
    }
    return left;
  }

  private comparison(): unknown {
    const left = this.unary();
    if (this.takes("==")) {
      return equal(left, this.unary());
    }
    return this.takes("!=") ? !equal(left, this.unary()) : left;
  }

  private unary(): unknown {
    return this.takes("!") ? !truthy(this.unary()) : this.primary();
  }

  private primary(): unknown {
    const token = this.tokens[this.next++] ?? "";
    if (token === "(") {
      const value = this.or();
      this.expect(")");
      return value;
    }
    if (token.startsWith("'")) {
      return token.slice(1, -1).replaceAll("''", "'");
    }
    if (token in LITERALS) {
      return LITERALS[token];
    }
    if (/^-?\d/.test(token)) {
      return Number(token);
    }
    return this.takes("(") ? this.call(token) : property(this.scope.contexts, token.split("."));
  }

  private call(name: string): unknown {
    const values: unknown[] = [];
    while (!this.takes(")")) {
      values.push(this.or());
      if (!this.takes(",")) {
        this.expect(")");
        break;
      }
    }
    if (name in this.scope.status && values.length === 0) {
      return this.scope.status[name];
    }
    if (name === "contains" && values.length === 2) {
      const [where, what] = values;
      return Array.isArray(where)
        ? where.some((item) => equal(item, what))
        : asText(where).toLowerCase().includes(asText(what).toLowerCase());
    }
    throw new Error(`unknown function ${name} of ${String(values.length)} arguments`);
  }

  private expect(token: string): void {
    if (!this.takes(token)) {
      throw new Error(`${token} expected before ${this.tokens[this.next] ?? "the end"}`);
    }
  }
}

const LITERALS: Readonly<Record<string, unknown>> = { true: true, false: false, null: null };

/** A context that the scope does not have is an error; what a context lacks is null, as in a workflow. */
function property(contexts: Scope["contexts"], [context = "", ...names]: string[]): unknown {
  if (!(context in contexts)) {
    throw new Error(`unknown context ${context}`);
  }
  return names.reduce<{ value: unknown; many: boolean }>(
    ({ value, many }, name) => {
      if (name === "*") {
        return { value: value ?? [], many: true };
      }
      return many
        ? { value: (value as unknown[]).map((item) => member(item, name)), many }
        : { value: member(value, name), many };
    },
    { value: contexts[context], many: false },
  ).value;
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? ((value as Record<string, unknown>)[name] ?? null) : null;
}

function truthy(value: unknown): boolean {
  return value !== false && value !== 0 && value !== "" && value !== null;
}

/** Text is compared without its case, and values of different types as numbers. */
function equal(one: unknown, other: unknown): boolean {
  if (typeof one === "string" && typeof other === "string") {
    return one.toLowerCase() === other.toLowerCase();
  }
  return typeof one === typeof other && typeof one !== "object" ? one === other : Number(one) === Number(other);
}

function asText(value: unknown): string {
  if (value === null) {
    return "";
  }
  return typeof value === "string" ? value : JSON.stringify(value);
}
