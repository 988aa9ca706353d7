// The text of a block file, whole or without its proofs. Nearly all of a full block is proofs, which
// nobody looks at, and making a text of them takes longer than verifying the block.

/** The end of a key and the beginning of its value, as daemons write them. */
const PROOF = Buffer.from('proof":"');

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTED = 0x20;
const LAST_ASCII = 0x7f;

/** One byte in each of four, for four at a time. */
const EACH = 0x01010101;
const HIGH_BITS = 0x80808080;
const WORD_BYTES = 4;

/**
 * Read as Latin-1, so that positions in the text are positions in the file, and so that the few files
 * with broken UTF-8 in a SNARK digest are readable. All that is kept is ASCII: there the two agree, and
 * any other character is refused by the decoders.
 */
export function wholeText(bytes: Uint8Array): string {
  return bufferOf(bytes).toString("latin1");
}

/**
 * The same with an empty string for each proof: the value of a key that ends in "proof".
 *
 * It is JSON exactly where the whole is, equally deep, and of the same value but for the proofs: the
 * quotation mark before the colon has no backslash before it, so it ends a key, or what stands before
 * it is no beginning of JSON, and that is kept. What follows is left out only if it is a string without
 * an escape or a control character, and it ends there whatever comes next. Positions in it are not
 * those of the file.
 */
export function textWithoutProofs(bytes: Uint8Array): string {
  const file = bufferOf(bytes);
  let kept = "";
  let keptTo = 0;
  for (let key = file.indexOf(PROOF); key >= 0; key = file.indexOf(PROOF, keptTo)) {
    const first = key + PROOF.length;
    const end = endOfPlain(bytes, first);
    kept += file.toString("latin1", keptTo, first);
    // A proof with an escape stays what it is.
    keptTo = bytes[end] === QUOTE ? end : first;
  }
  return kept + file.toString("latin1", keptTo);
}

/** The place of the first byte that ends a string or may not stand in it as it is. */
function endOfPlain(bytes: Uint8Array, from: number): number {
  let at = from;
  while ((bytes.byteOffset + at) % WORD_BYTES !== 0 && isPlain(bytes[at])) at++;
  if ((bytes.byteOffset + at) % WORD_BYTES === 0) {
    const wordsMax = Math.floor((bytes.length - at) / WORD_BYTES);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset + at, wordsMax);
    let word = 0;
    while (word < wordsMax && arePlain(words[word]!)) word++;
    at += word * WORD_BYTES;
  }
  while (isPlain(bytes[at])) at++;
  return at;
}

function isPlain(byte = 0): boolean {
  return byte >= FIRST_PRINTED && byte <= LAST_ASCII && byte !== QUOTE && byte !== BACKSLASH;
}

/**
 * Whether all four bytes are. Subtracted from each is what takes a byte below zero, into its high bit,
 * that is smaller than a space, or differs in nothing from one of the two marks.
 */
function arePlain(word: number): boolean {
  const control = word - EACH * FIRST_PRINTED;
  const quote = (word ^ (EACH * QUOTE)) - EACH;
  const backslash = (word ^ (EACH * BACKSLASH)) - EACH;
  return ((word | control | quote | backslash) & HIGH_BITS) === 0;
}

function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}
