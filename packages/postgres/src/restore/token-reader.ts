// Reads the tokens of one statement from front to back, and says what was expected where it is not
// what stands there.

import { quoteIdentifier } from "../session/identifiers.ts";
import { Lexer, type Token } from "./sql-tokens.ts";

/** PostgreSQL truncates names here; a truncated name would not be the one of the dump. */
const NAME_BYTES_MAX = 63;

/** Expressions of a real archive are three deep; the bound keeps a hostile one off our stack. */
const DEPTH_MAX = 64;

/** The statement may not run. */
export class RefusedStatement extends Error {}

export interface QualifiedName {
  /** As written; null where the search path decides. */
  readonly schema: string | null;
  readonly name: string;
}

export class TokenReader {
  readonly #lexer: Lexer;
  readonly #ahead: Token[] = [];
  #depth = 0;

  constructor(text: string, standardStrings: boolean) {
    this.#lexer = new Lexer(text, standardStrings);
  }

  peek(offset = 0): Token {
    while (this.#ahead.length <= offset) this.#ahead.push(this.#lexer.next());
    return this.#ahead[offset]!;
  }

  next(): Token {
    const token = this.peek();
    this.#ahead.shift();
    return token;
  }

  isWord(...words: readonly string[]): boolean {
    return words.every((word, offset) => {
      const { kind, text } = this.peek(offset);
      return kind === "word" && text === word;
    });
  }

  isSymbol(symbol: string, offset = 0): boolean {
    const { kind, text } = this.peek(offset);
    return kind === "symbol" && text === symbol;
  }

  /** Goes behind the words if they all stand here. */
  takeWords(...words: readonly string[]): boolean {
    if (!this.isWord(...words)) return false;
    for (const _word of words) this.next();
    return true;
  }

  /** The first of the words that stands here. */
  takeOneOf(...words: readonly string[]): string | null {
    return words.find((word) => this.takeWords(word)) ?? null;
  }

  takeSymbol(symbol: string): boolean {
    if (!this.isSymbol(symbol)) return false;
    this.next();
    return true;
  }

  expectWords(...words: readonly string[]): void {
    if (!this.takeWords(...words)) throw this.unexpected(words.join(" ").toUpperCase());
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(symbol);
  }

  /** A name of a table, column and the like, decoded. */
  name(): string {
    const { kind, text } = this.peek();
    if (kind !== "word" && kind !== "name") throw this.unexpected("a name");
    if (Buffer.byteLength(text) > NAME_BYTES_MAX) {
      throw new RefusedStatement(`the name ${text.slice(0, 20)}… has over ${NAME_BYTES_MAX} bytes`);
    }
    this.next();
    return text;
  }

  /** The same, quoted for SQL. */
  quotedName(): string {
    return quoteIdentifier(this.name());
  }

  qualifiedName(): QualifiedName {
    const first = this.name();
    if (!this.takeSymbol(".")) return { schema: null, name: first };
    return { schema: first, name: this.name() };
  }

  string(): string {
    const { kind, text } = this.peek();
    if (kind !== "string") throw this.unexpected("a string");
    this.next();
    return text;
  }

  /** A whole number with its sign. */
  integer(): string {
    const sign = this.takeSymbol("-") ? "-" : "";
    const { kind, text } = this.peek();
    if (kind !== "number" || !/^\d+$/.test(text)) throw this.unexpected("a whole number");
    this.next();
    return sign + text;
  }

  /** `(item, item, …)`, with one item at least. */
  list<Item>(item: () => Item): Item[] {
    this.expectSymbol("(");
    const items = this.separated(item);
    this.expectSymbol(")");
    return items;
  }

  /** `item, item, …` */
  separated<Item>(item: () => Item): Item[] {
    const items = [item()];
    while (this.takeSymbol(",")) items.push(item());
    return items;
  }

  /** Reads one level deeper. */
  nested<Result>(read: () => Result): Result {
    if (this.#depth >= DEPTH_MAX) {
      throw new RefusedStatement(`an expression in it is over ${DEPTH_MAX} levels deep`);
    }
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Whether something stands in what is left, outside of parentheses; the statement is read up to it. */
  reachesOutside(isThere: () => boolean): boolean {
    for (let depth = 0; this.peek().kind !== "end"; this.next()) {
      if (depth === 0 && isThere()) return true;
      if (this.isSymbol("(")) depth += 1;
      if (this.isSymbol(")")) depth -= 1;
    }
    return false;
  }

  /** Whether the word stands anywhere in what is left; the statement is read up then. */
  hasWordAhead(word: string): boolean {
    for (; this.peek().kind !== "end"; this.next()) if (this.isWord(word)) return true;
    return false;
  }

  /** The end of the statement. */
  expectEnd(): void {
    this.takeSymbol(";");
    if (this.peek().kind !== "end") throw this.unexpected("the end of the statement");
  }

  unexpected(expected: string): RefusedStatement {
    const { kind, text } = this.peek();
    const shown = text.length > 40 ? `${text.slice(0, 40)}…` : text;
    const found = kind === "end" ? "the end" : kind === "word" ? shown.toUpperCase() : shown;
    return new RefusedStatement(`expected ${expected}, found ${found}`);
  }
}
