// What the packers of our users write is unpacked: frames whose blocks are really packed, which the
// frames of our own writer are not.
// @module-tag only-in-all

import { execFileSync } from "node:child_process";
import { Readable } from "node:stream";
import { isToolMissing } from "@forklift/testkit";
import { describe, expect, test } from "vitest";
import { unzstd } from "../src/unzstd.ts";

/** More than a window of the quickest level, so that frames and blocks are several. */
const TEXT = Buffer.from(
  Array.from({ length: 150_000 }, (_, line) => `${line * 7919} block ${line % 97}\n`).join(""),
);

async function unpacked(packed: Buffer): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of unzstd(Readable.from([packed]), "the file")) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe.each<[string, readonly string[]]>([
  ["zstd", ["-q", "-c"]],
  ["zstd", ["-q", "-c", "-9", "--long=27"]],
  ["zstd", ["-q", "-c", "--no-check", "-1"]],
  ["pzstd", ["-q", "-c", "-p", "2"]],
])("%s %j", (program, options) => {
  test.skipIf(isToolMissing(program))("is unpacked to what it packed", async () => {
    const packed = execFileSync(program, options, { input: TEXT, maxBuffer: TEXT.length });
    expect(packed.length).toBeLessThan(TEXT.length / 2);
    expect((await unpacked(packed)).equals(TEXT)).toBe(true);
  });
});
