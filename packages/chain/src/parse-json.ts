// Reads JSON that somebody else wrote: the one place where a text becomes a value.

import { FormatError } from "./format-error.ts";

/**
 * Levels of objects and lists in each other. The deepest document of the network, a block with zkApp
 * commands, has 22. What goes over a value by recursion needs a bound, and a parser of 400 kB of
 * opening brackets needs one before it begins.
 */
export const JSON_DEPTH_MAX = 100;

const QUOTE = 0x22;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** What Windows puts in front of a text that it writes as UTF-8. */
const BYTE_ORDER_MARK = "\ufeff";

/**
 * The value of a JSON text, a byte order mark before it passed over. Of a key that occurs twice in one
 * object the last value is kept, as `JSON.parse` does.
 * @throws FormatError when it is no JSON, then with the parser's error as its cause, or is nested deeper
 * than `JSON_DEPTH_MAX`, which is found out before anything is made of it.
 */
export function parseJson(text: string): unknown {
  requireShallow(text);
  try {
    return JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FormatError(`not JSON: ${reason}`, { cause });
  }
}

/** The error of a document that goes deeper than it may. */
export function tooDeep(): FormatError {
  return new FormatError(`it is nested deeper than ${JSON_DEPTH_MAX} levels, which no file is`);
}

/** Strings are skipped, so that only what stands between them is looked at one by one. */
function requireShallow(text: string): void {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      if (++depth > JSON_DEPTH_MAX) throw tooDeep();
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
  }
}

/** The place of the closing quotation mark; that of the end when there is none. */
function endOfString(text: string, open: number): number {
  for (let at = text.indexOf('"', open + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let escapes = 0;
    while (text.charCodeAt(at - 1 - escapes) === BACKSLASH) escapes += 1;
    if (escapes % 2 === 0) return at;
  }
  return text.length;
}
