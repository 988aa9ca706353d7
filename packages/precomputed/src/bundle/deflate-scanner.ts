// The deflate scanner: finds the first bit of each deflate block of a gzip file, for access points.
//
// zlib knows these positions and Node does not expose them. So the Huffman codes are followed here,
// counting what they stand for without writing it down; the bytes themselves, and whether they are
// right, are gunzip's business, which reads the same file at the same time on another thread.

import { type HuffmanTable, huffmanTable, LONG_CODE, ROOT_BITS } from "./huffman-table.ts";

/** A deflate block. Everything up to the end of its member can be unpacked from here on. */
export interface BlockStart {
  /** The block's first bit, counted from the beginning of the file. */
  readonly bit: number;
  /** How many bytes the file holds before it, unpacked. */
  readonly unpacked: number;
  /** A member's first block looks back on nothing; any other needs the last 32 KiB before it. */
  readonly isFirstOfMember: boolean;
}

/** A block's code lengths take 563 bytes at most, two symbols far less. */
const BLOCK_HEAD_BYTES_MAX = 600;
const SYMBOL_BYTES_MAX = 16;

/** Names and comments in the head of a gzip member; no tool writes more than a path. */
const MEMBER_HEAD_BYTES_MAX = 1024 * 1024;

/** CRC-32 and length. */
const MEMBER_TAIL_BYTES = 8;

/** The order in which the lengths of the code lengths' own code are written. */
const CODE_LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

/** What a code stands for, above its length in the lowest five bits of an entry. */
const LITERAL = 1 << 5;
const END_OF_BLOCK = 2 << 5;
const MATCH = 3 << 5;
const KIND_MASK = 3 << 5;
const EXTRA_SHIFT = 7;
const BASE_SHIFT = 10;

type Phase = "member head" | "block head" | "stored" | "symbols" | "member tail" | "over" | "lost";

export class DeflateScanner {
  #phase: Phase = "member head";
  /** What is left of earlier chunks, and the latest one. */
  #bytes: Uint8Array = new Uint8Array();
  /** Of the file, before `#bytes`. */
  #before = 0;
  /** The next bit of `#bytes`. */
  #bit = 0;
  /** Bytes of `#bytes` that have been handed out. */
  #passed = 0;
  #unpacked = 0;
  #storedLeft = 0;
  #isLastBlock: boolean = false;
  #isFirstBlock = true;
  #members = 0;
  #literals: HuffmanTable = FIXED_LITERALS;
  #distances: HuffmanTable = FIXED_DISTANCES;
  readonly #onBlock: (start: BlockStart) => void;

  constructor(onBlock: (start: BlockStart) => void) {
    this.#onBlock = onBlock;
  }

  /** Bytes that the blocks behind us stand for. */
  get unpacked(): number {
    return this.#unpacked;
  }

  /**
   * Takes the next bytes of the file; hands out those that have been scanned, for gunzip, which
   * so never gets ahead. Of a file that is no gzip, or a damaged one, all of them: gunzip says what
   * is wrong with it, and where.
   */
  push(chunk: Uint8Array): Uint8Array {
    this.#bytes = joined(this.#bytes.subarray(this.#passed), chunk);
    this.#before += this.#passed;
    this.#bit -= 8 * this.#passed;
    this.#walk(false);
    this.#passed = Math.min(this.#bit >>> 3, this.#bytes.length);
    return this.#bytes.subarray(0, this.#passed);
  }

  /** The last bytes of the file. */
  end(): Uint8Array {
    const rest = this.#bytes.subarray(this.#passed);
    // Codes are looked up several bytes at a time. Whoever reads into these zeros is at a loss
    // anyway, since there is no member tail behind them.
    this.#bytes = joined(this.#bytes, new Uint8Array(BLOCK_HEAD_BYTES_MAX));
    this.#walk(true);
    return rest;
  }

  #walk(isLast: boolean): void {
    while (this.#step(isLast)) {
      // Each step moves on, or requests the next chunk.
    }
    if (this.#phase === "lost" || this.#phase === "over") this.#bit = 8 * this.#bytes.length;
  }

  /** False when it takes more bytes to go on. */
  #step(isLast: boolean): boolean {
    const left = this.#bytes.length - (this.#bit >>> 3);
    switch (this.#phase) {
      case "member head":
        return this.#memberHead(left);
      case "block head":
        if (left < BLOCK_HEAD_BYTES_MAX && !isLast) return false;
        return left > 0 && this.#blockHead();
      case "stored":
        return this.#stored(left);
      case "symbols":
        return this.#symbols();
      case "member tail":
        if (left < MEMBER_TAIL_BYTES) return false;
        this.#bit += 8 * MEMBER_TAIL_BYTES;
        this.#members++;
        this.#phase = "member head";
        return true;
      default:
        return false;
    }
  }

  #lose(): false {
    this.#phase = "lost";
    return false;
  }

  #memberHead(left: number): boolean {
    const start = this.#bit >>> 3;
    if (left < 10) return false;
    const [magic1, magic2, method, flags] = this.#bytes.subarray(start, start + 4);
    if (magic1 !== 0x1f || magic2 !== 0x8b) {
      // As gunzip does: what follows the last member and is no member does not count.
      if (this.#members === 0) return this.#lose();
      this.#phase = "over";
      return false;
    }
    if (method !== 8) return this.#lose();
    let at = start + 10;
    if (flags! & 4) at += 2 + (this.#bytes[at] ?? 0) + 256 * (this.#bytes[at + 1] ?? 0);
    for (const flag of [8, 16]) {
      if ((flags! & flag) === 0) continue;
      const zero = this.#bytes.indexOf(0, at);
      at = zero === -1 ? this.#bytes.length + 1 : zero + 1;
    }
    if (flags! & 2) at += 2;
    if (at > this.#bytes.length) return left > MEMBER_HEAD_BYTES_MAX ? this.#lose() : false;
    this.#bit = 8 * at;
    this.#isFirstBlock = true;
    this.#phase = "block head";
    return true;
  }

  #blockHead(): boolean {
    this.#onBlock({
      bit: 8 * this.#before + this.#bit,
      unpacked: this.#unpacked,
      isFirstOfMember: this.#isFirstBlock,
    });
    this.#isFirstBlock = false;
    this.#isLastBlock = this.#take(1) === 1;
    switch (this.#take(2)) {
      case 0: {
        this.#bit = (this.#bit + 7) & ~7;
        const length = this.#take(16);
        if (this.#take(16) !== (length ^ 0xffff)) return this.#lose();
        this.#storedLeft = length;
        this.#phase = "stored";
        return true;
      }
      case 1:
        this.#literals = FIXED_LITERALS;
        this.#distances = FIXED_DISTANCES;
        break;
      case 2:
        if (!this.#readCodes()) return this.#lose();
        break;
      default:
        return this.#lose();
    }
    this.#phase = "symbols";
    return true;
  }

  #readCodes(): boolean {
    const literalCount = this.#take(5) + 257;
    const distanceCount = this.#take(5) + 1;
    const lengthCount = this.#take(4) + 4;
    const codeLengths = new Uint8Array(19);
    for (const symbol of CODE_LENGTH_ORDER.slice(0, lengthCount)) {
      codeLengths[symbol] = this.#take(3);
    }
    const codes = huffmanTable(codeLengths, (symbol) => symbol << 5);
    const lengths = new Uint8Array(literalCount + distanceCount);
    for (let at = 0; at < lengths.length; ) {
      const entry = codes.entries[this.#peek() & codes.rootMask]!;
      if (entry === 0) return false;
      this.#bit += entry & 31;
      const symbol = entry >>> 5;
      const [value, times] =
        symbol < 16
          ? [symbol, 1]
          : symbol === 16
            ? [lengths[at - 1] ?? 0, 3 + this.#take(2)]
            : [0, symbol === 17 ? 3 + this.#take(3) : 11 + this.#take(7)];
      lengths.fill(value, at, at + times);
      at += times;
    }
    this.#literals = huffmanTable(lengths.subarray(0, literalCount), literalEntry);
    this.#distances = huffmanTable(lengths.subarray(literalCount), distanceEntry);
    return true;
  }

  #stored(left: number): boolean {
    const bytes = Math.min(left, this.#storedLeft);
    this.#bit += 8 * bytes;
    this.#unpacked += bytes;
    this.#storedLeft -= bytes;
    if (this.#storedLeft > 0) return false;
    this.#endBlock();
    return true;
  }

  /** Nearly all the time is spent here. */
  #symbols(): boolean {
    const bytes = this.#bytes;
    const limit = 8 * (bytes.length - SYMBOL_BYTES_MAX);
    const literals = this.#literals.entries;
    const literalMask = this.#literals.longMask;
    const rootMask = this.#literals.rootMask;
    const distances = this.#distances.entries;
    const distanceMask = this.#distances.longMask;
    const distanceRootMask = this.#distances.rootMask;
    let bit = this.#bit;
    let unpacked = 0;
    let state = 0;
    while (bit < limit) {
      let at = bit >>> 3;
      // 25 bits or more: a code has 15 at most, a length 5 beyond its code.
      let word =
        (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
        (bit & 7);
      let entry = literals[word & rootMask]!;
      if ((entry & LONG_CODE) !== 0) {
        entry = literals[(entry & ~LONG_CODE) + ((word >>> ROOT_BITS) & literalMask)]!;
      }
      const codeBits = entry & 31;
      bit += codeBits;
      const kind = entry & KIND_MASK;
      if (kind === LITERAL) {
        unpacked++;
        continue;
      }
      if (kind !== MATCH) {
        state = kind === END_OF_BLOCK ? 1 : 2;
        break;
      }
      const extraBits = (entry >>> EXTRA_SHIFT) & 7;
      unpacked += (entry >>> BASE_SHIFT) + ((word >>> codeBits) & ((1 << extraBits) - 1));
      bit += extraBits;
      at = bit >>> 3;
      word =
        (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>>
        (bit & 7);
      entry = distances[word & distanceRootMask]!;
      if ((entry & LONG_CODE) !== 0) {
        entry = distances[(entry & ~LONG_CODE) + ((word >>> ROOT_BITS) & distanceMask)]!;
      }
      if (entry === 0) {
        state = 2;
        break;
      }
      // How far back does not matter, only how many bits say so.
      bit += (entry & 31) + (entry >>> 5);
    }
    this.#bit = bit;
    this.#unpacked += unpacked;
    if (state === 2) return this.#lose();
    if (state === 1) this.#endBlock();
    return state === 1;
  }

  #endBlock(): void {
    this.#phase = "block head";
    if (!this.#isLastBlock) return;
    this.#bit = (this.#bit + 7) & ~7;
    this.#phase = "member tail";
  }

  /** Sixteen bits at least. */
  #peek(): number {
    const at = this.#bit >>> 3;
    const [low = 0, middle = 0, high = 0] = [
      this.#bytes[at],
      this.#bytes[at + 1],
      this.#bytes[at + 2],
    ];
    return (low | (middle << 8) | (high << 16)) >>> (this.#bit & 7);
  }

  #take(bits: number): number {
    const value = this.#peek() & ((1 << bits) - 1);
    this.#bit += bits;
    return value;
  }
}

function literalEntry(symbol: number): number {
  if (symbol < 256) return LITERAL;
  if (symbol === 256) return END_OF_BLOCK;
  // 286 and 287 take part in the fixed code and may not occur.
  if (symbol > 285) return 0;
  // The longest match has a symbol of its own.
  if (symbol === 285) return MATCH | (258 << BASE_SHIFT);
  const step = symbol - 257;
  const extraBits = step < 8 ? 0 : (step >> 2) - 1;
  const base = step < 8 ? 3 + step : 3 + ((4 + (step & 3)) << extraBits);
  return MATCH | (extraBits << EXTRA_SHIFT) | (base << BASE_SHIFT);
}

/** Only the number of the bits that follow. */
function distanceEntry(symbol: number): number {
  return symbol < 4 ? 0 : ((symbol >> 1) - 1) << 5;
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  if (first.length === 0) return second;
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}

const FIXED_LITERALS = huffmanTable(
  Uint8Array.from({ length: 288 }, (_, symbol) =>
    symbol < 144 ? 8 : symbol < 256 ? 9 : symbol < 280 ? 7 : 8,
  ),
  literalEntry,
);
const FIXED_DISTANCES = huffmanTable(new Uint8Array(30).fill(5), distanceEntry);
