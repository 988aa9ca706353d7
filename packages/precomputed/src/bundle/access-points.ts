// Chooses access points in the one pass over a gzip file, and keeps what unpacking from them needs:
// the 32 KiB before each, which the blocks behind it may refer to.

import assert from "node:assert/strict";
import { promisify } from "node:util";
import { deflateRaw } from "node:zlib";
import { SourceDataError } from "@forklift/pipeline";
import type { ScratchFile } from "../files/scratch-file.ts";
import type { BundleIndex } from "./bundle-index.ts";
import { type BlockStart, DeflateScanner } from "./deflate-scanner.ts";

const deflate = promisify(deflateRaw);

/** As far as deflate looks back. */
const WINDOW_BYTES = 32 * 1024;

/**
 * Unpacked bytes from one access point to the next, at least. To read any block, half of that is
 * unpacked for nothing on average, some 4 ms; the windows take some 0.7 % of the unpacked size.
 */
const SPAN_BYTES = 2 * 1024 * 1024;

/**
 * What is unpacked at once, hence held in memory, to read a block. gzip's own blocks unpack to 8 MiB
 * at most, and only where nothing but one letter is repeated.
 */
export const SPAN_BYTES_MAX = 64 * 1024 * 1024;

/** Windows are kept by the hundred thousand, so the time to pack them counts as well. */
const WINDOW_LEVEL = 1;

export interface AccessPoints {
  /** Before gunzip is given the bytes: hands out those that it may be given. */
  packed(chunk: Uint8Array): Uint8Array;
  packedEnd(): Uint8Array;
  /** What gunzip made of them. */
  unpacked(chunk: Uint8Array): Promise<void>;
  /** @throws SourceDataError when two access points lie too far apart. */
  unpackedEnd(): Promise<void>;
}

/** @param windows takes the windows; the index says where in it they are. */
export function accessPoints(index: BundleIndex, windows: ScratchFile, url: string): AccessPoints {
  const chosen: BlockStart[] = [];
  let lastChosen = 0;
  const walk = new DeflateScanner((start) => {
    // A member cannot be unpacked from inside another one.
    if (!start.isFirstOfMember && start.unpacked < lastChosen + SPAN_BYTES) return;
    lastChosen = start.unpacked;
    chosen.push(start);
  });
  let before: Uint8Array = new Uint8Array();
  let position = 0;
  let lastPoint = 0;

  function requireNear(unpacked: number): void {
    if (unpacked - lastPoint <= SPAN_BYTES_MAX) return;
    throw new SourceDataError(
      `${url} has ${unpacked - lastPoint} bytes in one deflate block, expected at most ` +
        `${SPAN_BYTES_MAX}: nothing in them can be read by itself`,
      { hint: "pack the archive again with gzip" },
    );
  }

  return {
    packed: (chunk) => walk.push(chunk),
    packedEnd: () => walk.end(),
    async unpacked(chunk) {
      const end = position + chunk.length;
      while (chosen.length > 0 && chosen[0]!.unpacked <= end) {
        const { bit, unpacked, isFirstOfMember } = chosen.shift()!;
        requireNear(unpacked);
        lastPoint = unpacked;
        const behind = lastBytes(before, chunk.subarray(0, unpacked - position));
        const window = isFirstOfMember
          ? null
          : await windows.append(await deflate(behind, { level: WINDOW_LEVEL }));
        index.addPoint({ bit, unpacked, window });
      }
      before = lastBytes(before, chunk);
      position = end;
    },
    async unpackedEnd() {
      requireNear(position);
      // Where they disagree our own reading of deflate is wrong, and every access point with it.
      assert.equal(walk.unpacked, position, `${url} was walked otherwise than it was unpacked`);
    },
  };
}

/** The window after both; a copy, since gunzip uses its memory again. */
function lastBytes(before: Uint8Array, chunk: Uint8Array): Uint8Array {
  return Buffer.concat([
    before.subarray(Math.max(0, before.length + chunk.length - WINDOW_BYTES)),
    chunk.subarray(Math.max(0, chunk.length - WINDOW_BYTES)),
  ]).subarray(-WINDOW_BYTES);
}
