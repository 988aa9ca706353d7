import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { BundleIndex } from "../src/bundle/bundle-index.ts";
import { ZstdPass } from "../src/bundle/zstd-pass.ts";
import { openScratchFile, type ScratchFile } from "../src/files/scratch-file.ts";

const MIB = 1024 * 1024;
const STEP_BYTES = MIB / 4;

let work: string;
let scratch: ScratchFile;

beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), "forklift-zstd-pass-"));
  scratch = await openScratchFile(work);
});
afterEach(async () => {
  await scratch[Symbol.asyncDispose]();
  await rm(work, { recursive: true });
});

interface Archive {
  /** Of the frames, in MiB. */
  readonly frames: readonly number[];
  /** Where each file of one MiB begins, in MiB. */
  readonly files: readonly number[];
  readonly isReadInPlace?: boolean;
}

/** Which of the files were packed anew. */
async function keptOf({ frames, files, isReadInPlace = true }: Archive): Promise<number[]> {
  const index = new BundleIndex();
  const pass = new ZstdPass(index, { scratch, isReadInPlace });
  const left = [...files];
  let position = 0;
  for (const [number, size] of frames.entries()) {
    pass.frame(1000 * number);
    for (const end = position + size * MIB; position < end; ) {
      position += STEP_BYTES;
      await pass.unpacked(new Uint8Array(STEP_BYTES));
      while (left.length > 0 && (left[0]! + 1) * MIB <= position) {
        const at = left.shift()!;
        const body = Buffer.alloc(MIB);
        await pass.member({ name: `${at}`, offset: at * MIB, bytes: MIB, body });
      }
    }
  }
  await pass.end();
  expect(left).toEqual([]);
  return files.filter((at) => index.find(`${at}`)!.packed !== null);
}

test("files of small frames are read in place, and those of a large one packed anew", async () => {
  const files = [0, 5, 9, 20, 31];
  expect(await keptOf({ frames: [8, 8, 8, 8], files })).toEqual([]);
  expect(await keptOf({ frames: [32], files })).toEqual(files);
  expect(await keptOf({ frames: [8, 20, 4], files })).toEqual([9, 20]);
});

test("a file is packed anew when any part of it lies in a large frame", async () => {
  expect(await keptOf({ frames: [4, 20, 4], files: [2.5, 3.5, 10, 23.5, 25] })).toEqual([
    3.5, 10, 23.5,
  ]);
});

test("small frames that are taken together do not make a large one", async () => {
  const frames = Array.from({ length: 120 }, () => 0.25);
  expect(await keptOf({ frames, files: [0, 7.5, 28] })).toEqual([]);
});

test("of an archive that is not there later everything is packed anew", async () => {
  const files = [0, 1.5, 6];
  expect(await keptOf({ frames: [2, 2, 4], files, isReadInPlace: false })).toEqual(files);
});
