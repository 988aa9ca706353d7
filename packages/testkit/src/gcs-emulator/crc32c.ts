// CRC-32C of the bytes that the emulator stores. Its own, plain one: an emulator that counted with
// the code under test would agree with its mistakes.

/** The Castagnoli polynomial, bit-reversed. */
const POLYNOMIAL = 0x82f63b78;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  return remainder;
});

/** Continues from what an earlier call returned. */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let state = ~before;
  for (let at = 0; at < bytes.length; at++) {
    state = TABLE[(state ^ bytes[at]!) & 0xff]! ^ (state >>> 8);
  }
  return ~state >>> 0;
}

/** As the API prints it: base64 of four big-endian bytes. */
export function printCrc32c(value: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString("base64");
}
