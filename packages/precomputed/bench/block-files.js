// The blocks that are fetched: mainnet's first, where its data lies beside the repository, else made.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { blownUp, commandsIn } from "./full-blocks.js";

const SHARED =
  process.env.FORKLIFT_SHARED ?? path.resolve(import.meta.dirname, "../../../../shared");
const BUNDLE = path.join(SHARED, "data/mainnet/precomputed-blocks-2-2025.tar.gz");

/** Three commands a block, as mainnet's first thousands have. */
const SAMPLE = { blocks: 400, days: 1, seed: 1, finality: 20, accounts: 200, commandsPerBlock: 3 };

/** Block files by name, from a folder that is made and removed. */
export async function withBlockFolder(use) {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-bench-"));
  try {
    const isReal = existsSync(BUNDLE);
    if (isReal) execFileSync("tar", ["-xzf", BUNDLE, "-C", folder]);
    else await makeSampleIn(folder);
    return await use(isReal ? folder : path.join(folder, "sample/blocks"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Large ones stay in the memory of two processes. */
const LARGE_FILES_MAX = 100;

/**
 * All but genesis, which no public bucket holds; a hundred of them when they are blown up.
 * @returns {Promise<Map<string, Buffer>>}
 */
export async function readBlockFiles(folder, bytesPerBlock = 0) {
  const files = new Map();
  for (const name of (await readdir(folder)).sort()) {
    if (parseBlockFileName(name)?.height > 1n) {
      files.set(name, await readFile(path.join(folder, name)));
    }
  }
  if (bytesPerBlock === 0) return files;
  const full = { bytes: bytesPerBlock, commands: commandsIn(files.values()), commandsShare: 0.05 };
  return new Map(
    [...files].slice(0, LARGE_FILES_MAX).map(([name, file]) => [name, blownUp(file, full)]),
  );
}

async function makeSampleIn(folder) {
  const { makeSample } = await import("../../sample/dist/index.js");
  await makeSample(SAMPLE, path.join(folder, "sample"));
}
