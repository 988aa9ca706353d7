// The text form of COPY: how one row is written as a line, and how a stream is split into lines.

/** What a row given to COPY may hold. Amounts, heights and nonces come as bigint, never number. */
export type CopyValue = null | string | bigint | number | boolean | readonly bigint[];

/**
 * Bytes gathered before they are handed to the socket: large enough that the cost per message
 * vanishes, small enough to be nothing in memory.
 */
const CHUNK_CHARACTERS_MAX = 64 * 1024;

const NEWLINE = 0x0a;

/** Tab and newline part columns and rows; the backslash is the escape itself. */
const SPECIAL = /[\\\n\r\t]/g;
const ESCAPED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function copyLine(row: readonly CopyValue[]): string {
  return `${row.map(copyField).join("\t")}\n`;
}

function copyField(value: CopyValue): string {
  if (value === null) return "\\N";
  switch (typeof value) {
    case "string":
      return value.replace(SPECIAL, (character) => ESCAPED[character] ?? character);
    case "bigint":
      return value.toString();
    case "boolean":
      return value ? "t" : "f";
    case "number":
      if (!Number.isFinite(value)) throw new RangeError(`no number for a column: ${value}`);
      return String(value);
    default:
      return `{${value.join(",")}}`;
  }
}

/** Rows as chunks of COPY text. */
export async function* copyChunks(
  rows: AsyncIterable<readonly CopyValue[]> | Iterable<readonly CopyValue[]>,
): AsyncGenerator<Buffer> {
  let text = "";
  for await (const row of rows) {
    text += copyLine(row);
    if (text.length >= CHUNK_CHARACTERS_MAX) {
      yield Buffer.from(text);
      text = "";
    }
  }
  if (text !== "") yield Buffer.from(text);
}

/** Splits a stream into lines without their newlines. A line may span any number of chunks. */
export async function* linesOf(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      start = end + 1;
      if (parts.length === 0) {
        yield piece;
      } else {
        yield Buffer.concat([...parts, piece]);
        parts = [];
      }
    }
    if (start < chunk.length) parts.push(chunk.subarray(start));
  }
  if (parts.length > 0) yield Buffer.concat(parts);
}
