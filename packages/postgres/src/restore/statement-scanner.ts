// Finds the semicolon that ends a SQL statement, by the lexical rules of PostgreSQL, in text that
// arrives in pieces.

const CODE = {
  newline: 0x0a,
  carriageReturn: 0x0d,
  doubleQuote: 0x22,
  dollar: 0x24,
  quote: 0x27,
  open: 0x28,
  close: 0x29,
  star: 0x2a,
  dash: 0x2d,
  slash: 0x2f,
  semicolon: 0x3b,
  backslash: 0x5c,
} as const;

const OPENS = (CODE.slash << 8) | CODE.star;
const CLOSES = (CODE.star << 8) | CODE.slash;

/** Enough to see `create or replace function`. */
const WORDS_KEPT = 4;

/** Within which construct the scanner stands. */
type Inside =
  | { readonly kind: "plain" | "line comment" | "escape string" }
  | { readonly kind: "quoted"; readonly by: number }
  | { readonly kind: "dollar quote"; readonly tag: Buffer }
  | { readonly kind: "comment"; readonly depth: number };

/** "waits": the next bytes, which are not here yet, decide what these are. */
type Verdict = "ended" | "goes on" | "waits";

const PLAIN: Inside = { kind: "plain" };

/**
 * Scans one statement. What lies before `#at` has been understood, so text is looked at once in
 * however many pieces it comes.
 */
export class StatementScanner {
  readonly #standardStrings: boolean;
  #at = 0;
  #inside: Inside = PLAIN;
  #parentheses = 0;
  /** Open BEGIN ATOMIC bodies of a function in standard SQL, whose semicolons are inner ones. */
  #bodies = 0;
  readonly #words: string[] = [];

  /** @param standardStrings whether a backslash in '…' is a character like any other. */
  constructor(standardStrings: boolean) {
    this.#standardStrings = standardStrings;
  }

  /** The first word of the statement, in lower case, once it has been scanned. */
  get firstWord(): string | undefined {
    return this.#words[0];
  }

  /**
   * @param bytes the statement from its first byte on, as far as it is known; grows between calls.
   * @param isAll whether nothing can follow.
   * @returns the index behind the closing semicolon, or undefined when there is none yet.
   */
  scan(bytes: Buffer, isAll: boolean): number | undefined {
    while (this.#at < bytes.length) {
      const verdict =
        this.#inside.kind === "plain"
          ? this.#stepPlain(bytes, isAll)
          : this.#stepInside(bytes, isAll, this.#inside);
      if (verdict === "ended") return this.#at;
      if (verdict === "waits") return undefined;
    }
    return undefined;
  }

  #stepPlain(bytes: Buffer, isAll: boolean): Verdict {
    const code = bytes[this.#at] ?? 0;
    if (isWordByte(code)) return this.#word(bytes, isAll);
    switch (code) {
      case CODE.quote:
        if (!this.#standardStrings) return this.#enter({ kind: "escape string" }, 1);
        return this.#enter({ kind: "quoted", by: code }, 1);
      case CODE.doubleQuote:
        return this.#enter({ kind: "quoted", by: code }, 1);
      case CODE.dollar:
        return this.#dollar(bytes, isAll);
      case CODE.dash:
      case CODE.slash:
        return this.#maybeComment(bytes, isAll, code);
      case CODE.open:
        this.#parentheses += 1;
        break;
      case CODE.close:
        this.#parentheses = Math.max(this.#parentheses - 1, 0);
        break;
      case CODE.semicolon:
        this.#at += 1;
        return this.#parentheses === 0 && this.#bodies === 0 ? "ended" : "goes on";
    }
    this.#at += 1;
    return "goes on";
  }

  #word(bytes: Buffer, isAll: boolean): Verdict {
    let end = this.#at + 1;
    // A number ends before a dollar quote, of which a name may hold the sign.
    const takesDollar = !isDigit(bytes[this.#at]);
    while (isWordByte(bytes[end]) || (takesDollar && bytes[end] === CODE.dollar)) end += 1;
    if (end === bytes.length && !isAll) return "waits";
    const word = bytes.toString("latin1", this.#at, end).toLowerCase();
    this.#at = end;
    if (word === "e" && bytes[end] === CODE.quote) return this.#enter({ kind: "escape string" }, 1);
    if (this.#words.length < WORDS_KEPT) this.#words.push(word);
    if (this.#parentheses === 0 && this.#isRoutine()) this.#countBodies(word);
    return "goes on";
  }

  #isRoutine(): boolean {
    const [first, second, , fourth] = this.#words;
    const isKind = (word: string | undefined) => word === "function" || word === "procedure";
    return first === "create" && (isKind(second) || (second === "or" && isKind(fourth)));
  }

  /** CASE … END nests in a body and closes with the same word. */
  #countBodies(word: string): void {
    if (word === "begin" || (word === "case" && this.#bodies > 0)) this.#bodies += 1;
    if (word === "end" && this.#bodies > 0) this.#bodies -= 1;
  }

  /** A dollar quote opens with its tag, which is empty or a name. */
  #dollar(bytes: Buffer, isAll: boolean): Verdict {
    let end = this.#at + 1;
    if (!isDigit(bytes[end])) while (isWordByte(bytes[end])) end += 1;
    if (end === bytes.length && !isAll) return "waits";
    if (bytes[end] !== CODE.dollar) {
      this.#at += 1;
      return "goes on";
    }
    const tag = Buffer.from(bytes.subarray(this.#at, end + 1));
    return this.#enter({ kind: "dollar quote", tag }, tag.length);
  }

  #maybeComment(bytes: Buffer, isAll: boolean, code: number): Verdict {
    const next = bytes[this.#at + 1];
    if (next === undefined && !isAll) return "waits";
    if (code === CODE.dash && next === CODE.dash) return this.#enter({ kind: "line comment" }, 2);
    if (code === CODE.slash && next === CODE.star) {
      return this.#enter({ kind: "comment", depth: 1 }, 2);
    }
    this.#at += 1;
    return "goes on";
  }

  #enter(inside: Inside, length: number): Verdict {
    this.#inside = inside;
    this.#at += length;
    return "goes on";
  }

  #stepInside(bytes: Buffer, isAll: boolean, inside: Inside): Verdict {
    switch (inside.kind) {
      case "quoted":
        return this.#closeQuote(bytes, isAll, bytes.indexOf(inside.by, this.#at), inside.by);
      case "escape string":
        return this.#stepEscapeString(bytes, isAll);
      case "dollar quote":
        return this.#closeAt(bytes, bytes.indexOf(inside.tag, this.#at), inside.tag.length);
      case "line comment":
        return this.#closeAt(bytes, lineEnd(bytes, this.#at), 1);
      case "comment":
        return this.#stepComment(bytes, inside.depth);
      case "plain":
        return "goes on";
    }
  }

  /** A doubled quote is a quote in the text; so what follows the quote decides. */
  #closeQuote(bytes: Buffer, isAll: boolean, found: number, by: number): Verdict {
    if (found < 0) {
      this.#at = bytes.length;
      return "waits";
    }
    this.#at = found;
    const next = bytes[found + 1];
    if (next === undefined && !isAll) return "waits";
    if (next === by) {
      this.#at += 2;
      return "goes on";
    }
    return this.#enter(PLAIN, 1);
  }

  #stepEscapeString(bytes: Buffer, isAll: boolean): Verdict {
    let found = this.#at;
    while (found < bytes.length && bytes[found] !== CODE.quote) {
      // The backslash takes the next byte with it, which may be a quote or not here yet.
      if (bytes[found] === CODE.backslash) {
        if (found + 1 >= bytes.length) {
          this.#at = found;
          return "waits";
        }
        found += 1;
      }
      found += 1;
    }
    return this.#closeQuote(bytes, isAll, found < bytes.length ? found : -1, CODE.quote);
  }

  /** Comments nest. */
  #stepComment(bytes: Buffer, depth: number): Verdict {
    let at = this.#at;
    for (let open = depth; at + 1 < bytes.length; at += 1) {
      const pair = (bytes[at]! << 8) | bytes[at + 1]!;
      if (pair !== OPENS && pair !== CLOSES) continue;
      open += pair === OPENS ? 1 : -1;
      this.#at = at + 2;
      if (open === 0) return this.#enter(PLAIN, 0);
      this.#inside = { kind: "comment", depth: open };
      at += 1;
    }
    this.#at = Math.max(this.#at, at);
    return "waits";
  }

  /** Goes behind a mark, or as near to the end of the bytes as a mark cannot have begun yet. */
  #closeAt(bytes: Buffer, found: number, length: number): Verdict {
    if (found >= 0) {
      this.#at = found;
      return this.#enter(PLAIN, length);
    }
    this.#at = Math.max(this.#at, bytes.length - length + 1);
    return "waits";
  }
}

/** Of a comment: a carriage return ends it as a newline does. */
function lineEnd(bytes: Buffer, from: number): number {
  const newline = bytes.indexOf(CODE.newline, from);
  const before = newline < 0 ? bytes : bytes.subarray(0, newline);
  const carriageReturn = before.indexOf(CODE.carriageReturn, from);
  return carriageReturn < 0 ? newline : carriageReturn;
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39;
}

/** Letters, digits, the underscore, and every byte of a character beyond ASCII. */
function isWordByte(code: number | undefined): boolean {
  if (code === undefined) return false;
  return (
    (code >= 0x61 && code <= 0x7a) ||
    (code >= 0x41 && code <= 0x5a) ||
    (code >= 0x30 && code <= 0x39) ||
    code === 0x5f ||
    code >= 0x80
  );
}
