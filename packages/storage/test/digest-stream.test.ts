import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Crc32c } from "../src/crc32c.ts";
import { digestOf, digestStream } from "../src/digest-stream.ts";

// Test vectors of RFC 3720, appendix B.4.
test.each([
  [Buffer.alloc(32), "8a9136aa"],
  [Buffer.alloc(32, 0xff), "62a8ab43"],
  [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), "46dd794e"],
  [Buffer.alloc(0), "00000000"],
])("the CRC-32C of a published vector", (bytes, hex) => {
  expect(new Crc32c().update(bytes).digest()).toBe(Buffer.from(hex, "hex").toString("base64"));
});

test("checksums do not depend on how the bytes are cut into chunks", async () => {
  const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(chunks, async (parts) => {
      const whole = Buffer.concat(parts);
      const { stream, digest } = digestStream(
        (async function* () {
          yield* parts;
        })(),
      );
      const seen: Uint8Array[] = [];
      for await (const part of stream) seen.push(part);
      expect(Buffer.concat(seen).equals(whole)).toBe(true);
      expect(digest()).toEqual({
        bytes: BigInt(whole.length),
        sha256: createHash("sha256").update(whole).digest("hex"),
        crc32c: new Crc32c().update(whole).digest(),
      });
      // Whoever asks again is told the same.
      expect(digest()).toEqual(digestOf(whole));
    }),
  );
});

test("a digest before the end is our mistake", () => {
  expect(() => digestStream((async function* () {})()).digest()).toThrow(/before its end/);
});
