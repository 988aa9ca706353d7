// Turns deflate data from an access point on into a stream of its own.
//
// A block may begin at any bit of a byte. Moving all bits to where bytes begin would not do: a stored
// block lies at whole bytes and would then not. So the bits before the first are filled with empty
// blocks, whose lengths differ enough to end at any bit.

/** A block in the fixed code: its head, then the end-of-block code. Ten bits: moves on by two. */
const FIXED_EMPTY = `0${lowFirst(1, 2)}0000000`;

/**
 * A block with codes of its own, for an odd number of bits: 93. One literal/length code of one bit,
 * end of block; no distance code at all. The lengths of these codes are written as two runs of zeros,
 * a one and a zero, in codes of 2, 1 and 2 bits.
 */
const OWN_CODE_EMPTY = [
  `0${lowFirst(2, 2)}`,
  lowFirst(0, 5) + lowFirst(0, 5) + lowFirst(18 - 4, 4),
  // Of the runs of zeros (18), of a zero and, in the last place, of a one.
  ...[0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1].map((length) => lowFirst(length, 3)),
  `11${lowFirst(138 - 11, 7)}`,
  `11${lowFirst(256 - 138 - 11, 7)}`,
  "0",
  "10",
  "0",
].join("");

/** For each bit of a byte, blocks that end before it. */
const FILLINGS = [0, 1, 2, 3, 4, 5, 6, 7].map((bit) => {
  let blocks = bit % 2 === 0 ? "" : OWN_CODE_EMPTY;
  while (blocks.length % 8 !== bit) blocks += FIXED_EMPTY;
  return Uint8Array.from({ length: Math.ceil(blocks.length / 8) }, (_, at) =>
    Number.parseInt([...blocks.slice(8 * at, 8 * at + 8)].reverse().join(""), 2),
  );
});

/**
 * @param bytes from the one in which a block begins to the one in which another ends. The bits after
 * that end do no harm: seven are too few for the next block to stand for anything.
 * @param firstBit of the first byte: where the block begins.
 */
export function deflateStream(bytes: Uint8Array, firstBit: number): Uint8Array {
  const filling = FILLINGS[firstBit]!;
  const whole = firstBit === 0 ? filling.length : filling.length - 1;
  const stream = new Uint8Array(whole + bytes.length);
  stream.set(bytes, whole);
  // In the byte that both share, the lower bits are the filling's.
  if (firstBit !== 0) stream[whole] = (bytes[0]! & (0xff << firstBit)) | filling[whole]!;
  stream.set(filling.subarray(0, whole));
  return stream;
}

/** Numbers are written lowest bit first, only Huffman codes are not. */
function lowFirst(value: number, bits: number): string {
  return [...value.toString(2).padStart(bits, "0")].reverse().join("");
}
