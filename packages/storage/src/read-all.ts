// An object in memory, whole or its beginning, with a bound: whoever stored it chose its size, not we.

import { SourceDataError } from "@forklift/pipeline";
import type { ObjectBody } from "./store.ts";

/** @throws SourceDataError above the bound; `what` names the object in that message. */
export async function readAll(
  body: ObjectBody,
  maxBytes: number,
  what = "an object",
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  // A length that is known to be too large is refused inside the loop as well, since leaving the
  // loop is what releases the connection.
  for await (const chunk of body.stream) {
    total += chunk.byteLength;
    if (total > maxBytes || (body.bytes ?? 0n) > BigInt(maxBytes)) {
      const found = body.bytes === null ? "more" : `${body.bytes}`;
      throw new SourceDataError(`${what} may have ${maxBytes} bytes at most, found ${found}`, {
        hint: "see what it is: a file of that kind is smaller, another one may have its name or URL",
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, total);
}

/** As many bytes from the beginning, fewer where the object has fewer. */
export async function readFirst(body: ObjectBody, bytesMax: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of body.stream) {
    chunks.push(chunk);
    total += chunk.byteLength;
    if (total >= bytesMax) break;
  }
  return Buffer.concat(chunks, Math.min(total, bytesMax));
}
