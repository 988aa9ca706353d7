// Peeks at the first bytes of a stream without consuming them.

export interface Peeked {
  /** So many bytes, or fewer where the stream is shorter. */
  readonly head: Uint8Array;
  /** Everything, the head included. */
  readonly all: AsyncGenerator<Uint8Array>;
}

export async function peek(stream: AsyncIterable<Uint8Array>, byteCount: number): Promise<Peeked> {
  const iterator = stream[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [];
  for (let size = 0; size < byteCount; ) {
    const next = await iterator.next();
    if (next.done === true) break;
    chunks.push(next.value);
    size += next.value.length;
  }
  const read = Buffer.concat(chunks);
  async function* all() {
    try {
      if (read.length > 0) yield read;
      for (;;) {
        const next = await iterator.next();
        if (next.done === true) return;
        yield next.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
  return { head: read.subarray(0, byteCount), all: all() };
}
