// A text as the bytes of an object.

/** In UTF-8, as one piece. */
export async function* textBytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
