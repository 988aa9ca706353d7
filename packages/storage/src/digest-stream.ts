// Sizes and checksums of bytes on their way, so that nothing is read a second time for them.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { Crc32c } from "./crc32c.ts";
import type { WrittenObject } from "./store.ts";

export type Digest = Omit<WrittenObject, "name">;

export interface DigestStream {
  /** The same bytes. */
  readonly stream: AsyncIterable<Uint8Array>;
  /** Only after the stream has been read to its end; the same for all who ask. */
  digest(): Digest;
}

/** Of bytes that are there already. */
export function digestOf(content: Uint8Array): Digest {
  return {
    bytes: BigInt(content.byteLength),
    sha256: createHash("sha256").update(content).digest("hex"),
    crc32c: new Crc32c().update(content).digest(),
  };
}

export function digestStream(body: AsyncIterable<Uint8Array>): DigestStream {
  const sha256 = createHash("sha256");
  const crc32c = new Crc32c();
  let bytes = 0n;
  let isWhole = false;
  let made: Digest | undefined;

  async function* stream() {
    for await (const chunk of body) {
      sha256.update(chunk);
      crc32c.update(chunk);
      bytes += BigInt(chunk.byteLength);
      yield chunk;
    }
    isWhole = true;
  }

  return {
    stream: stream(),
    digest() {
      assert(isWhole, "the digest of a stream was asked for before its end");
      made ??= { bytes, sha256: sha256.digest("hex"), crc32c: crc32c.digest() };
      return made;
    },
  };
}
