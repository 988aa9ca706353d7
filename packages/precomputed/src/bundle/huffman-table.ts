// Huffman codes of deflate as tables that are looked up by the next bits of the stream.

/** Codes up to here are looked up at once. JSON has few longer ones. */
export const ROOT_BITS = 10;

/** Marks an entry that says where the table of the longer codes with that beginning stands. */
export const LONG_CODE = 1 << 30;

export interface HuffmanTable {
  /** The code's length in five bits, above it what it stands for; 0 where there is no code. */
  readonly entries: Int32Array;
  readonly rootMask: number;
  /** For the bits of a long code that follow the first `ROOT_BITS`. */
  readonly longMask: number;
}

/**
 * @param lengths bits of each symbol's code, 0 for a symbol without one, at most 15.
 * @param entryOf what a symbol stands for, above the lowest five bits.
 */
export function huffmanTable(
  lengths: Uint8Array,
  entryOf: (symbol: number) => number,
): HuffmanTable {
  const counts = new Int32Array(17);
  let longest = 1;
  for (const length of lengths) {
    counts[length]!++;
    if (length > longest) longest = length;
  }
  const nextCode = new Int32Array(17);
  for (let length = 1, code = 0; length <= 15; length++) {
    nextCode[length] = code;
    code = (code + counts[length]!) << 1;
  }
  const rootBits = Math.min(longest, ROOT_BITS);
  const rootMask = (1 << rootBits) - 1;
  const longBits = longest - rootBits;
  let longCodes = 0;
  for (let length = ROOT_BITS + 1; length <= longest; length++) longCodes += counts[length]!;
  const entries = new Int32Array((1 << rootBits) + (longCodes << longBits));
  let end = 1 << rootBits;
  for (let symbol = 0; symbol < lengths.length; symbol++) {
    const length = lengths[symbol]!;
    if (length === 0) continue;
    const code = reversed(nextCode[length]!++, length);
    const entry = entryOf(symbol) | length;
    if (length <= rootBits) {
      for (let at = code; at <= rootMask; at += 1 << length) entries[at] = entry;
      continue;
    }
    const root = code & rootMask;
    if (entries[root] === 0) {
      entries[root] = LONG_CODE | end;
      end += 1 << longBits;
    }
    const table = entries[root]! & ~LONG_CODE;
    for (let at = code >>> rootBits; at < 1 << longBits; at += 1 << (length - rootBits)) {
      entries[table + at] = entry;
    }
  }
  return { entries, rootMask, longMask: (1 << longBits) - 1 };
}

/** The stream has a code's highest bit first, everything else its lowest. */
function reversed(code: number, length: number): number {
  let bits = code;
  bits = ((bits & 0x5555) << 1) | ((bits >>> 1) & 0x5555);
  bits = ((bits & 0x3333) << 2) | ((bits >>> 2) & 0x3333);
  bits = ((bits & 0x0f0f) << 4) | ((bits >>> 4) & 0x0f0f);
  bits = ((bits & 0x00ff) << 8) | (bits >>> 8);
  return bits >>> (16 - length);
}
