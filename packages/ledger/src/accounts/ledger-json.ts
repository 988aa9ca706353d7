// A JSON document that lists a ledger, read in pieces: its accounts come one by one, so that a file of
// any size takes no more memory than one account and what stands around the list.

import { FormatError, JSON_DEPTH_MAX, parseJson, tooDeep } from "@forklift/chain";
import { plainObject } from "../text/json-decoder.ts";
import { HEAD_BYTES, requireObjectBytes } from "../text/name-document.ts";

/** An account of Berkeley with a verification key has some 10 kB. */
const ACCOUNT_BYTES_MAX = 1024 * 1024;

/** What stands beside the accounts: a runtime configuration has a few kB of it. */
const REST_BYTES_MAX = 16 * 1024 * 1024;

/** Lists of accounts are looked for at `accounts`, `x.accounts` and `x.y.accounts`. */
const LIST_DEPTH_MAX = 3;

/** Of these the accounts are given; those of an epoch's ledger, for one, are passed over. */
export const LEDGER_KEYS: readonly string[] = [
  "ledger",
  "genesis_ledger",
  // What a replayer of protocol 1.x ended with.
  "target_genesis_ledger",
];

/** What is asked for where a file is another than a list of accounts. */
export const LISTED_LEDGER = "a JSON object that lists a ledger's accounts";

const BYTE_ORDER_MARK = Buffer.from("\ufeff");

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What may come next in a list of accounts. */
type Awaited = "account or end" | "account" | "comma or end";

/** One document; read `accounts` to its end, then ask for the `rest`. */
export class LedgerJson {
  readonly #chunks: AsyncIterable<Uint8Array>;
  /** The document so far, every list of accounts left empty. */
  readonly #rest: Uint8Array = new Uint8Array(REST_BYTES_MAX);
  #restLength = 0;

  // Outside of lists of accounts.
  #depth = 0;
  /** The key whose value is being read, by depth; null in a list, and before a key. */
  readonly #keys: (string | null)[] = [null];
  #isInText: boolean = false;
  #isEscaped: boolean = false;
  #textStart = 0;

  // Inside of one.
  #awaited: Awaited | null = null;
  #isGiven: boolean = false;
  #accountDepth = 0;
  #accountPieces: Uint8Array[] = [];
  #accountLength = 0;
  #hasGivenList: boolean = false;
  #accountCount = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks;
  }

  /**
   * The accounts as they stand there, parsed and no more; for nobody but the first caller.
   * @throws FormatError when the text is no JSON, or is truncated.
   */
  async *accounts(): AsyncGenerator<unknown> {
    for await (const chunk of withoutMark(this.#chunks)) yield* this.#accountsIn(chunk);
    if (this.#awaited !== null) throw new FormatError("it ends in the middle of its accounts");
  }

  /** Whether a ledger was listed, be it one without accounts. Known when `accounts` has ended. */
  get hasAccounts(): boolean {
    return this.#hasGivenList;
  }

  /** Accounts that have been given so far. */
  get accountCount(): number {
    return this.#accountCount;
  }

  /** The document as far as it has been read, without accounts: JSON that is not closed yet. */
  get readSoFar(): string {
    return Buffer.from(this.#rest.buffer, 0, this.#restLength).toString("utf8");
  }

  /** Everything but the accounts. @throws FormatError when it is no JSON object. */
  rest(): Readonly<Record<string, unknown>> {
    return plainObject(parseJson(this.readSoFar), "document");
  }

  *#accountsIn(chunk: Uint8Array): Generator<unknown> {
    let at = 0;
    while (at < chunk.length) {
      if (this.#awaited === null) at = this.#readOutside(chunk, at);
      else if (this.#accountDepth === 0) at = this.#readBetween(chunk, at);
      else {
        const end = this.#readAccount(chunk, at);
        this.#keepPiece(chunk.subarray(at, end));
        at = end;
        if (this.#accountDepth > 0) continue;
        const text = Buffer.concat(this.#accountPieces).toString("utf8");
        this.#accountPieces = [];
        this.#accountLength = 0;
        this.#awaited = "comma or end";
        if (!this.#isGiven) continue;
        this.#accountCount += 1;
        yield parseJson(text);
      }
    }
  }

  /** Up to the end of the chunk or behind the bracket that opens a list of accounts. */
  #readOutside(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      this.#keepByte(byte);
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInText = false;
      } else if (byte === QUOTE) {
        this.#isInText = true;
        this.#textStart = this.#restLength - 1;
      } else if (byte === COLON) {
        this.#keys[this.#depth] = this.#lastText();
      } else if (byte === COMMA) {
        this.#keys[this.#depth] = null;
      } else if (byte === OPEN_LIST && this.#opensAccounts()) {
        return at + 1;
      } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        this.#depth += 1;
        if (this.#depth > JSON_DEPTH_MAX) throw tooDeep();
        this.#keys[this.#depth] = null;
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
        // Below zero the text is no JSON, as its parser will say.
        this.#depth = Math.max(0, this.#depth - 1);
      }
    }
    return chunk.length;
  }

  /** The text before a colon. */
  #lastText(): string {
    const bytes = this.#rest.subarray(this.#textStart, this.#restLength - 1);
    const text = Buffer.from(bytes).toString("latin1").trimEnd();
    return text.slice(1, -1);
  }

  #opensAccounts(): boolean {
    if (this.#depth === 0 || this.#depth > LIST_DEPTH_MAX) return false;
    const path = this.#keys.slice(1, this.#depth + 1);
    if (path.at(-1) !== "accounts" || path.includes(null)) return false;
    this.#awaited = "account or end";
    this.#isGiven =
      path.length === 1 || (path.length === 2 && LEDGER_KEYS.includes(path[0] as string));
    if (this.#isGiven && this.#hasGivenList) {
      throw new FormatError("it has two lists of accounts, expected one ledger");
    }
    this.#hasGivenList ||= this.#isGiven;
    return true;
  }

  /** Up to an account, the end of the chunk, or behind the end of the list. */
  #readBetween(chunk: Uint8Array, from: number): number {
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]!;
      const isSpace = byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
      if (isSpace) continue;
      if (byte === COMMA && this.#awaited === "comma or end") this.#awaited = "account";
      else if (byte === CLOSE_LIST && this.#awaited !== "account") {
        this.#awaited = null;
        this.#keepByte(byte);
        return at + 1;
      } else if (byte === OPEN_OBJECT && this.#awaited !== "comma or end") {
        this.#accountDepth = 1;
        this.#keepPiece(chunk.subarray(at, at + 1));
        return at + 1;
      } else {
        const found = JSON.stringify(String.fromCharCode(byte));
        throw new FormatError(`accounts: expected ${this.#awaited}, found ${found}`);
      }
    }
    return chunk.length;
  }

  /** Up to the end of the chunk or behind the brace that ends the account. */
  #readAccount(chunk: Uint8Array, from: number): number {
    let at = from;
    for (; at < chunk.length && this.#accountDepth > 0; at++) {
      const byte = chunk[at]!;
      if (this.#isInText) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (byte === BACKSLASH) this.#isEscaped = true;
        else if (byte === QUOTE) this.#isInText = false;
      } else if (byte === QUOTE) this.#isInText = true;
      else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        if (++this.#accountDepth > JSON_DEPTH_MAX) throw tooDeep();
      } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) this.#accountDepth -= 1;
    }
    return at;
  }

  #keepPiece(piece: Uint8Array): void {
    if (!this.#isGiven) return;
    this.#accountLength += piece.length;
    if (this.#accountLength > ACCOUNT_BYTES_MAX) {
      throw new FormatError(`an account has more than ${ACCOUNT_BYTES_MAX} bytes`);
    }
    // A copy: whoever reads a file may use the bytes of a chunk for the next one.
    this.#accountPieces.push(Buffer.from(piece));
  }

  #keepByte(byte: number): void {
    if (this.#restLength === REST_BYTES_MAX) {
      throw new FormatError(`it has more than ${REST_BYTES_MAX} bytes beside its accounts`);
    }
    this.#rest[this.#restLength++] = byte;
  }
}

/**
 * The same bytes without a byte order mark. Their head comes as one chunk, once it was seen to be that
 * of a JSON object.
 */
async function* withoutMark(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let head: Buffer | null = Buffer.alloc(0);
  for await (const chunk of chunks) {
    if (head === null) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield checkedHead(head);
    head = null;
  }
  if (head !== null) yield checkedHead(head);
}

function checkedHead(head: Buffer): Uint8Array {
  requireObjectBytes(head, LISTED_LEDGER);
  const isMarked = head.subarray(0, BYTE_ORDER_MARK.length).equals(BYTE_ORDER_MARK);
  return isMarked ? head.subarray(BYTE_ORDER_MARK.length) : head;
}
