// The lowest rate at which a body may come: a server that sends a byte a second would keep a run for years.

import { TryAgainError } from "@forklift/pipeline";
import { MS_PER_SECOND, sizeText } from "@forklift/system";

/** Milliseconds and bytes. */
export interface RateLimits {
  /** Of waiting for the server; the time that its reader takes does not count. */
  readonly rateWindowMs: number;
  /** What must come in each of these windows. A body that ends within its first is never judged. */
  readonly rateBytesMin: number;
}

/**
 * The same bytes.
 * @throws TryAgainError when less came in a window than must.
 */
export async function* atLowestRate(
  body: AsyncIterable<Uint8Array>,
  { rateWindowMs, rateBytesMin }: RateLimits,
  shown: string,
): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]();
  let waitedMs = 0;
  let bytes = 0;
  try {
    for (;;) {
      const before = performance.now();
      const next = await iterator.next();
      if (next.done === true) return;
      waitedMs += performance.now() - before;
      bytes += next.value.byteLength;
      if (waitedMs >= rateWindowMs) {
        if (bytes < rateBytesMin) throw tooSlow(shown, { waitedMs, bytes, rateBytesMin });
        waitedMs = 0;
        bytes = 0;
      }
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function tooSlow(
  shown: string,
  found: { readonly waitedMs: number; readonly bytes: number; readonly rateBytesMin: number },
): TryAgainError {
  const { waitedMs, bytes, rateBytesMin } = found;
  return new TryAgainError(
    `${shown} is too slow: ${sizeText(bytes)} in ${Math.round(waitedMs / MS_PER_SECOND)} s, ` +
      `expected ${sizeText(rateBytesMin)} or more`,
    { hint: "run again later, or give another place that has it" },
  );
}
