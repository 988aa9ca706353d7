// Splits one SQL statement into tokens by PostgreSQL's lexical rules. Values come out decoded, so
// that whoever reads them can write them again in one canonical form.

/** A word is an unquoted name or keyword in lower case; a name stood in double quotes. */
export interface Token {
  readonly kind: "word" | "name" | "string" | "number" | "symbol" | "end";
  readonly text: string;
}

/** What the lexer cannot read, or what no dump needs. */
export class LexicalError extends Error {}

const END: Token = { kind: "end", text: "" };

const BLANKS = /[ \t\n\r\f\v]+/y;
const LINE_COMMENT = /--[^\n\r]*/y;
const WORD = /[a-z_\u0080-\u{10ffff}][a-z0-9_$\u0080-\u{10ffff}]*/iuy;
/** A dollar quote may begin right behind a number, and not inside of a word. */
const DIGITS = /[0-9][a-z0-9_\u0080-\u{10ffff}]*/iuy;
const NUMBER = /(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[+-]?[0-9]+)?/iy;
const DOLLAR_TAG = /\$(?:[a-z_\u0080-\u{10ffff}][a-z0-9_\u0080-\u{10ffff}]*)?\$/iuy;
const OPERATOR = /[-+*/<>=~!@#%^&|`?]+/y;
/** An operator may end in a sign only if it holds one of these. */
const UNUSUAL = /[~!@#%^&|`?]/;
const COMMENT_MARK = /\/\*|\*\//g;
const PUNCTUATION = new Set(["(", ")", "[", "]", ",", ";", "."]);

/** Prefixes of literals in forms that no dump of an archive has. */
const ODD_LITERALS = new Set(["b", "x", "n"]);

const ESCAPES: Readonly<Record<string, string>> = {
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
/** A doubled quote, or a backslash and what it takes with it. */
const ESCAPE =
  /''|\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([\s\S]))/gu;
const CODE_POINT_MAX = 0x10ffff;
const ASCII_MAX = 0x7f;

/** Reads tokens on demand, so a statement that is recognized by its first words costs no more. */
export class Lexer {
  readonly #text: string;
  readonly #standardStrings: boolean;
  #at = 0;

  /** @param standardStrings whether a backslash in '…' is a character like any other. */
  constructor(text: string, standardStrings: boolean) {
    this.#text = text;
    this.#standardStrings = standardStrings;
  }

  /**
   * Whether psql would take a part of the text for itself: a command behind a backslash, or a variable.
   * For statements that do not run, whose literals may be of any form.
   */
  hasPsqlInside(): boolean {
    for (let word: string | null = null; ; ) {
      this.#skipBlanks();
      const first = this.#text[this.#at];
      if (first === undefined) return false;
      if (first === "\\") return true;
      if (first === ":" && /^:[a-z0-9_'"{]/iu.test(this.#text.slice(this.#at, this.#at + 2))) {
        return true;
      }
      const before: string | null = this.#text[this.#at - 1] === word?.at(-1) ? word : null;
      word = null;
      if (first === "'") this.#skipString(/^e$/i.test(before ?? ""));
      else if (first === '"') this.#quoted('"');
      else if (first === "$") this.#skipDollar();
      else if (this.#text.startsWith("::", this.#at)) this.#at += 2;
      else if (this.#match(DIGITS) === null) {
        word = this.#match(WORD);
        if (word === null) this.#at += 1;
      }
    }
  }

  #skipString(isEscape: boolean): void {
    if (isEscape || !this.#standardStrings) this.#escapeString();
    else this.#quoted("'");
  }

  /** @throws LexicalError. After the last token it answers with the end, again and again. */
  next(): Token {
    this.#skipBlanks();
    const text = this.#text;
    const first = text[this.#at];
    if (first === undefined) return END;
    if (first === "'") return this.#string(!this.#standardStrings);
    if (first === '"') return { kind: "name", text: this.#quotedName() };
    if (PUNCTUATION.has(first) && !/[0-9]/.test(first === "." ? (text[this.#at + 1] ?? "") : "")) {
      this.#at += 1;
      return { kind: "symbol", text: first };
    }
    if (first === "$") return this.#dollarString();
    if (first === ":") return this.#colon();
    const number = this.#match(NUMBER);
    if (number !== null) return this.#numberEnd(number);
    const word = this.#match(WORD);
    if (word !== null) return this.#wordEnd(word);
    const operator = this.#match(OPERATOR);
    if (operator !== null) return this.#operatorEnd(operator);
    throw new LexicalError(
      first === "\\"
        ? "it has a psql command inside"
        : `it has a character ${JSON.stringify(first)}`,
    );
  }

  #match(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    if (!pattern.test(this.#text)) return null;
    const from = this.#at;
    this.#at = pattern.lastIndex;
    return this.#text.slice(from, this.#at);
  }

  /** Block comments nest. */
  #skipBlanks(): void {
    for (;;) {
      // One after the other: a pattern of both would keep a way back for each of a million lines.
      if (this.#match(BLANKS) !== null || this.#match(LINE_COMMENT) !== null) continue;
      if (!this.#text.startsWith("/*", this.#at)) return;
      this.#skipComment();
    }
  }

  #skipComment(): void {
    COMMENT_MARK.lastIndex = this.#at;
    for (let depth = 0; ; ) {
      const mark = COMMENT_MARK.exec(this.#text)?.[0];
      if (mark === undefined) throw new LexicalError("it has a comment that never ends");
      depth += mark === "/*" ? 1 : -1;
      if (depth > 0) continue;
      this.#at = COMMENT_MARK.lastIndex;
      return;
    }
  }

  #dollarString(): Token {
    const text = this.#dollarQuoted();
    if (text === null) throw new LexicalError("it has a parameter");
    return { kind: "string", text };
  }

  #string(hasEscapes: boolean): Token {
    return { kind: "string", text: hasEscapes ? this.#escapeString() : this.#quoted("'") };
  }

  #quotedName(): string {
    const name = this.#quoted('"');
    if (name === "") throw new LexicalError("it has an empty name");
    return name;
  }

  /** From one quote to the other, of which a doubled one is a character. */
  #quoted(quote: string): string {
    let value = "";
    for (let from = this.#at + 1; ; ) {
      const end = this.#text.indexOf(quote, from);
      if (end < 0) throw new LexicalError(`it has a ${quote} that is never closed`);
      value += this.#text.slice(from, end);
      this.#at = end + 1;
      if (this.#text[this.#at] !== quote) return value;
      value += quote;
      from = end + 2;
    }
  }

  #escapeString(): string {
    let end = this.#at + 1;
    for (; ; end += 1) {
      const character = this.#text[end];
      if (character === undefined) throw new LexicalError("it has a ' that is never closed");
      if (character === "\\") end += 1;
      else if (character === "'" && this.#text[end + 1] === "'") end += 1;
      else if (character === "'") break;
    }
    const inner = this.#text.slice(this.#at + 1, end);
    this.#at = end + 1;
    return inner.replace(ESCAPE, unescaped);
  }

  /** A quote, or the sign of a parameter. */
  #skipDollar(): void {
    if (this.#dollarQuoted() === null) this.#at += 1;
  }

  /** Null where no tag opens a quote. */
  #dollarQuoted(): string | null {
    const tag = this.#match(DOLLAR_TAG);
    if (tag === null) return null;
    const end = this.#text.indexOf(tag, this.#at);
    if (end < 0) throw new LexicalError(`it has a ${tag} that is never closed`);
    const value = this.#text.slice(this.#at, end);
    this.#at = end + tag.length;
    return value;
  }

  #colon(): Token {
    if (!this.#text.startsWith("::", this.#at)) throw new LexicalError("it has a psql variable");
    this.#at += 2;
    return { kind: "symbol", text: "::" };
  }

  #numberEnd(text: string): Token {
    const next = this.#text[this.#at] ?? "";
    if (/[a-z0-9_$\u0080-\u{10ffff}]/iu.test(next)) {
      throw new LexicalError(`it has a number that runs into ${JSON.stringify(next)}`);
    }
    return { kind: "number", text };
  }

  #wordEnd(text: string): Token {
    // The server folds ASCII letters alone.
    const folded = text.replaceAll(/[A-Z]+/g, (letters) => letters.toLowerCase());
    const next = this.#text[this.#at];
    if (next === "'" && folded === "e") return this.#string(true);
    const isOdd =
      (next === "'" && ODD_LITERALS.has(folded)) ||
      (folded === "u" && /^&['"]/.test(this.#text.slice(this.#at, this.#at + 2)));
    if (isOdd) throw new LexicalError(`it has a literal that begins with ${text}`);
    const isAscii = /^[a-z0-9_$]+$/.test(folded);
    return { kind: isAscii ? "word" : "name", text: folded };
  }

  /** `a=-1` is an equals sign and a minus; a comment may begin inside a run of signs. */
  #operatorEnd(run: string): Token {
    const comment = run.search(/--|\/\*/);
    const whole = comment > 0 ? run.slice(0, comment) : run;
    let length = whole.length;
    if (!UNUSUAL.test(whole)) {
      while (length > 1 && "+-".includes(whole[length - 1]!)) length -= 1;
    }
    const text = whole.slice(0, length);
    this.#at -= run.length - length;
    return { kind: "symbol", text };
  }
}

function unescaped(
  whole: string,
  octal: string | undefined,
  hex: string | undefined,
  short: string | undefined,
  long: string | undefined,
  character: string | undefined,
): string {
  if (whole === "''") return "'";
  if (character !== undefined) return ESCAPES[character] ?? character;
  const isByte = octal !== undefined || hex !== undefined;
  const code =
    octal === undefined ? Number.parseInt((hex ?? short ?? long)!, 16) : Number.parseInt(octal, 8);
  // A byte of a longer character would have to be put together with its neighbours.
  const isSurrogate = code >= 0xd800 && code < 0xe000;
  if (code === 0 || code > (isByte ? ASCII_MAX : CODE_POINT_MAX) || isSurrogate) {
    throw new LexicalError(`it has an escape of character ${code}`);
  }
  return String.fromCodePoint(code);
}
