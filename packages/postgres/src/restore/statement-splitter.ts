// Splits a plain SQL dump into what psql would see: statements, backslash commands, and the data of
// COPY. It reads bytes as they come; only the statement at hand is in memory, and of COPY data only
// a chunk.

import { DamagedDataError, SourceDataError } from "@forklift/pipeline";
import { readsStandardInput } from "./data-statements.ts";
import type { TextRules } from "./settings-statements.ts";
import { Lexer, LexicalError } from "./sql-tokens.ts";
import { StatementScanner } from "./statement-scanner.ts";
import { TokenReader } from "./token-reader.ts";

/**
 * The longest definition that pg_dump writes for an archive has some kilobytes. Far beyond that it is no
 * dump, or a quote that never closes, or made to keep somebody busy.
 */
const DEFINITION_BYTES_MAX = 1024 * 1024;

/** Many rows may stand in one INSERT: with a thousand of an archive's it has half a megabyte. */
const INSERT_BYTES_MAX = 8 * 1024 * 1024;

/** A comment, or a command of psql. */
const LINE_BYTES_MAX = 64 * 1024;

/** Statements are shown in messages by their first words. */
const SHOWN_CHARACTERS = 60;

export interface DumpStatement {
  readonly kind: "statement";
  /** From 1; comments and backslash commands do not count. */
  readonly number: number;
  /** Of the statement's first byte in the SQL. */
  readonly offset: number;
  readonly text: string;
}

export interface DumpCopy {
  readonly kind: "copy";
  readonly number: number;
  readonly offset: number;
  readonly text: string;
  /** Must be read to its end before the next part is requested. */
  readonly data: AsyncIterable<Buffer>;
}

export interface DumpLine {
  /** A line comment between statements, or a backslash command. */
  readonly kind: "comment" | "command";
  readonly offset: number;
  readonly text: string;
}

export type DumpPart = DumpStatement | DumpCopy | DumpLine;

const BACKSLASH = 0x5c;
const DASH = 0x2d;
const SEMICOLON = 0x3b;
const NEWLINE = 0x0a;
const COPY_END = Buffer.from("\n\\.");

/**
 * @param rules read anew for every statement, since a dump may change them.
 * @throws SourceDataError when the text ends inside a statement or a COPY block.
 */
export async function* splitDump(
  sql: AsyncIterable<Uint8Array>,
  rules: TextRules,
): AsyncGenerator<DumpPart> {
  const window = new ByteWindow(sql);
  try {
    yield* partsOf(window, rules);
  } finally {
    // The window pulls its chunks without a `for await` loop, which would close the stream.
    await window.close();
  }
}

async function* partsOf(window: ByteWindow, rules: TextRules): AsyncGenerator<DumpPart> {
  for (let number = 1; await skipBlanks(window); ) {
    const offset = window.offset;
    const line = await takeLinePart(window, offset);
    if (line) {
      yield line;
      continue;
    }
    const text = await takeStatement(window, number, rules);
    if (hasRowsBehind(text, rules)) {
      await takeRestOfLine(window, number, text);
      yield { kind: "copy", number, offset, text, data: copyData(window, number, text) };
    } else {
      yield { kind: "statement", number, offset, text };
    }
    number += 1;
  }
}

function hasRowsBehind(text: string, rules: TextRules): boolean {
  try {
    return readsStandardInput(new TokenReader(text, rules.standardStrings));
  } catch (error) {
    // What cannot be read is no COPY, and whoever judges the statement says why.
    if (error instanceof LexicalError) return false;
    throw error;
  }
}

/** Rows begin on the next line. */
async function takeRestOfLine(window: ByteWindow, number: number, text: string): Promise<void> {
  const rest = (await takeLine(window)).trim();
  // A comment ends at a carriage return, behind which there would be another statement.
  if (rest === "" || /^--[^\r]*$/.test(rest)) return;
  throw new SourceDataError(
    `statement ${number} has "${firstWords(rest)}" behind it, where its rows begin: ${firstWords(text)}`,
    { hint: "give a dump as pg_dump writes it" },
  );
}

/** A statement as it is named in messages. */
export function firstWords(text: string): string {
  const words = text.replaceAll(/\s+/g, " ").trim();
  return words.length <= SHOWN_CHARACTERS ? words : `${words.slice(0, SHOWN_CHARACTERS)}…`;
}

/** What was read and not yet consumed, and where in the whole it begins. */
class ByteWindow {
  readonly #source: AsyncIterator<Uint8Array>;
  bytes: Buffer = Buffer.alloc(0);
  /** Of `bytes[0]` in the SQL. */
  offset = 0;
  hasEnded: boolean = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Appends what comes next; false at the end. */
  async more(): Promise<boolean> {
    const next = await this.#source.next();
    if (next.done === true) {
      this.hasEnded = true;
      return false;
    }
    const { buffer, byteOffset, byteLength } = next.value;
    const chunk = Buffer.from(buffer, byteOffset, byteLength);
    this.bytes = this.bytes.length === 0 ? chunk : Buffer.concat([this.bytes, chunk]);
    return true;
  }

  /** Lets go of what the source holds, wherever it was left. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }

  /** At least so many bytes, unless the end comes first. */
  async atLeast(count: number): Promise<void> {
    while (this.bytes.length < count && (await this.more()));
  }

  take(count: number): Buffer {
    const taken = this.bytes.subarray(0, count);
    this.bytes = this.bytes.subarray(count);
    this.offset += taken.length;
    return taken;
  }
}

/** False when nothing but blanks and empty statements is left. */
async function skipBlanks(window: ByteWindow): Promise<boolean> {
  for (;;) {
    const { bytes } = window;
    let at = 0;
    while (at < bytes.length && (isBlank(bytes[at]) || bytes[at] === SEMICOLON)) at += 1;
    window.take(at);
    if (window.bytes.length > 0) return true;
    if (!(await window.more())) return false;
  }
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);
}

async function takeLinePart(window: ByteWindow, offset: number): Promise<DumpLine | undefined> {
  await window.atLeast(2);
  const [first, second] = window.bytes;
  if (first === BACKSLASH) return { kind: "command", offset, text: await takeLine(window) };
  if (first === DASH && second === DASH) {
    return { kind: "comment", offset, text: await takeLine(window, LINE_ENDS) };
  }
  return undefined;
}

/** A comment between statements ends as one inside of them, at a carriage return, too. */
const LINE_ENDS = /[\n\r]/;

/** The rest of the line, without its end. */
async function takeLine(window: ByteWindow, ends: RegExp = /\n/): Promise<string> {
  for (;;) {
    const text = window.bytes.toString("latin1", 0, LINE_BYTES_MAX + 1);
    const end = text.search(ends);
    if (text.slice(0, end >= 0 ? end : text.length).includes("\0")) {
      throw new DamagedDataError(`the line at byte ${window.offset} has a NUL byte`, {
        hint: "the dump is damaged; get it again",
      });
    }
    if (end >= 0)
      return window
        .take(end + 1)
        .toString("utf8", 0, end)
        .trimEnd();
    if (text.length > LINE_BYTES_MAX) {
      throw new SourceDataError(
        `the line at byte ${window.offset} is longer than ${LINE_BYTES_MAX} bytes`,
        { hint: "give a dump as pg_dump writes it" },
      );
    }
    if (!(await window.more())) return window.take(window.bytes.length).toString().trimEnd();
  }
}

async function takeStatement(
  window: ByteWindow,
  number: number,
  { standardStrings }: TextRules,
): Promise<string> {
  const scanner = new StatementScanner(standardStrings);
  for (;;) {
    const end = scanner.scan(window.bytes, window.hasEnded);
    if (end !== undefined) return textOf(window.take(end), window.offset, number);
    const bytesMax = scanner.firstWord === "insert" ? INSERT_BYTES_MAX : DEFINITION_BYTES_MAX;
    const begins = () => firstWords(window.bytes.toString("utf8", 0, 4 * SHOWN_CHARACTERS));
    const where = `statement ${number} at byte ${window.offset}`;
    if (window.bytes.length > bytesMax) {
      throw new SourceDataError(`${where} is longer than ${bytesMax} bytes: ${begins()}`, {
        hint: "make the dump without --inserts, or with fewer rows in one of them",
      });
    }
    if (window.hasEnded) {
      // Comments alone are no statement.
      if (scanner.firstWord === undefined && isComment(window.bytes.toString())) {
        return window.take(window.bytes.length).toString();
      }
      throw new DamagedDataError(`${where} is cut off: ${begins()}`, {
        hint: "the dump is incomplete or not a plain SQL dump; get it again",
      });
    }
    await window.more();
  }
}

function isComment(text: string): boolean {
  try {
    return new Lexer(text, true).next().kind === "end";
  } catch (error) {
    if (error instanceof LexicalError) return false;
    throw error;
  }
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param end behind the statement's last byte. */
function textOf(bytes: Buffer, end: number, number: number): string {
  try {
    return UTF8.decode(bytes);
  } catch {
    const begins = firstWords(bytes.toString("latin1", 0, 4 * SHOWN_CHARACTERS));
    throw new SourceDataError(
      `statement ${number} at byte ${end - bytes.length} is no UTF-8 text: ${begins}`,
      {
        hint: "give a dump of a database whose encoding is UTF8, or one made with pg_dump -E UTF8",
      },
    );
  }
}

async function* copyData(window: ByteWindow, number: number, text: string): AsyncGenerator<Buffer> {
  for (let isLineStart = true; ; ) {
    if (isLineStart) {
      // Enough to distinguish the end mark from a line that begins with an escape.
      await window.atLeast(4);
      const mark = /^\\\.(\r?\n|$)/.exec(window.bytes.toString("latin1", 0, 4))?.[0];
      if (mark !== undefined) {
        window.take(mark.length);
        return;
      }
    }
    const found = window.bytes.indexOf(COPY_END);
    const count = found >= 0 ? found + 1 : window.bytes.length - begunEndMark(window.bytes);
    if (count > 0) yield window.take(count);
    isLineStart = found >= 0 || (isLineStart && count === 0);
    if (found >= 0 || (await window.more())) continue;
    throw new DamagedDataError(
      `the data of statement ${number} ends at byte ${window.offset + window.bytes.length} ` +
        `without its end mark: ${firstWords(text)}`,
      { hint: "the dump is incomplete; get it again" },
    );
  }
}

/**
 * How many of the last bytes may be the beginning of an end mark. They alone wait for what comes next: all
 * else goes on without being copied.
 */
function begunEndMark(bytes: Buffer): number {
  const [before, last] = [bytes.at(-2), bytes.at(-1)];
  if (last === NEWLINE) return 1;
  return before === NEWLINE && last === BACKSLASH ? 2 : 0;
}
