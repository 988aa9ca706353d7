// Reads a stream until a signal aborts, also where the next chunk never comes.

/** @param reason makes the error that an abort ends with. */
export async function* untilAborted<Chunk>(
  chunks: AsyncIterable<Chunk>,
  signal: AbortSignal | undefined,
  reason: () => Error,
): AsyncGenerator<Chunk> {
  const iterator = chunks[Symbol.asyncIterator]();
  // One promise for the whole stream would keep what waited for it, chunk by chunk.
  let giveUp: (error: Error) => void = () => undefined;
  const next = () =>
    new Promise<IteratorResult<Chunk>>((resolve, reject) => {
      giveUp = reject;
      iterator.next().then(resolve, reject);
    });
  const onAbort = () => giveUp(reason());
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    for (;;) {
      if (signal?.aborted === true) throw reason();
      const result = await next();
      if (result.done === true) return;
      yield result.value;
    }
  } finally {
    signal?.removeEventListener("abort", onAbort);
    const ended = iterator.return?.();
    // A source that hangs would not end now either.
    if (signal?.aborted === true) ended?.catch(() => undefined);
    else await ended;
  }
}
