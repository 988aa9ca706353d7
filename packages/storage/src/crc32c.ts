// CRC-32C (Castagnoli), the checksum that object stores keep for every object.

/** The Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78;

/** Bytes folded per step. Eight tables of 1 KiB stay in the first-level cache. */
const SLICES = 8;

const TABLES = makeTables();

export class Crc32c {
  #state = 0xffffffff;

  update(bytes: Uint8Array): this {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const folded = view.byteLength - (view.byteLength % SLICES);
    let state = this.#state;
    for (let at = 0; at < folded; at += SLICES) {
      const low = state ^ view.getUint32(at, true);
      const high = view.getUint32(at + 4, true);
      state =
        step(7, low) ^
        step(6, low >>> 8) ^
        step(5, low >>> 16) ^
        step(4, low >>> 24) ^
        step(3, high) ^
        step(2, high >>> 8) ^
        step(1, high >>> 16) ^
        step(0, high >>> 24);
    }
    for (let at = folded; at < view.byteLength; at++) {
      state = step(0, state ^ view.getUint8(at)) ^ (state >>> 8);
    }
    this.#state = state;
    return this;
  }

  /** Base64 of the four big-endian bytes. */
  digest(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(~this.#state >>> 0);
    return bytes.toString("base64");
  }
}

function step(slice: number, byte: number): number {
  return TABLES[slice * 256 + (byte & 0xff)]!;
}

/** Table k holds the remainder of each byte followed by k zero bytes. */
function makeTables(): Int32Array {
  const tables = new Int32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = (remainder >>> 1) ^ (remainder & 1 ? POLYNOMIAL : 0);
    }
    tables[byte] = remainder;
  }
  for (let at = 256; at < tables.length; at++) {
    const shorter = tables[at - 256]!;
    tables[at] = tables[shorter & 0xff]! ^ (shorter >>> 8);
  }
  return tables;
}
