// Content on its way in: a file that grows by whole quanta, with its checksums.

import { createHash } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { crc32c, printCrc32c } from "./crc32c.ts";
import { Refusal } from "./refusal.ts";

/** The real service keeps multiples of it of an interrupted upload, and requires them of chunks. */
const QUANTUM_BYTES = 256 * 1024;

export interface Content {
  readonly size: number;
  readonly crc32c: string;
  readonly md5Hash: string;
}

export interface PartialObject {
  readonly path: string;
  /** What survives of it whatever happens to the connection. */
  persistedBytes(): number;
  /**
   * Adds a body. Whole quanta are kept as they come, what is left over only when the body was the
   * last one and came to its end.
   */
  append(body: AsyncIterable<Uint8Array>, isLast: boolean): Promise<void>;
  content(): Content;
  discard(): Promise<void>;
}

export function contentDigest() {
  const md5 = createHash("md5");
  let crc = 0;
  let size = 0;
  return {
    size: () => size,
    update(bytes: Uint8Array): void {
      md5.update(bytes);
      crc = crc32c(bytes, crc);
      size += bytes.length;
    },
    content: (): Content => ({
      size,
      crc32c: printCrc32c(crc),
      md5Hash: md5.copy().digest("base64"),
    }),
  };
}

export async function openPartialObject(path: string): Promise<PartialObject> {
  await (await open(path, "wx")).close();
  const digest = contentDigest();

  async function* quanta(body: AsyncIterable<Uint8Array>, isLast: boolean) {
    let held: Uint8Array[] = [];
    let heldBytes = 0;
    for await (const chunk of body) {
      held.push(chunk);
      heldBytes += chunk.byteLength;
      if (heldBytes < QUANTUM_BYTES) continue;
      const joined = Buffer.concat(held, heldBytes);
      const whole = heldBytes - (heldBytes % QUANTUM_BYTES);
      yield joined.subarray(0, whole);
      held = [joined.subarray(whole)];
      heldBytes -= whole;
    }
    if (isLast) yield Buffer.concat(held, heldBytes);
    else if (heldBytes > 0) {
      throw new Refusal(400, `a chunk must be a multiple of ${QUANTUM_BYTES} bytes`);
    }
  }

  return {
    path,
    persistedBytes: () => digest.size(),
    async append(body, isLast) {
      await using file = await open(path, "a");
      for await (const bytes of quanta(body, isLast)) {
        await file.appendFile(bytes);
        digest.update(bytes);
      }
    },
    content: () => digest.content(),
    discard: () => rm(path, { force: true }),
  };
}
