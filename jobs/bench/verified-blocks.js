// Baseline of the benchmarks: reads and verifies every block of a folder on this thread, and
// measures the share of cryptography.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { verifyBlocks } from "@forklift/precomputed";
import { CryptoSpeed } from "../../packages/precomputed/bench/crypto-speed.js";

/** Blocks that a thread verifies together: their state hashes are computed side by side. */
const TOGETHER = 16;

/** Beside this many blocks, of a second or two, the cryptography alone is timed as well. */
const BLOCKS_A_MEASUREMENT = 1600;

/** Only verifying is timed: the files are read between. */
export async function verifiedBlocks(folder) {
  const names = (await readdir(folder)).filter((name) => parseBlockFileName(name) !== null);
  const verified = new Map();
  let [verifyMs, commands] = [0, 0];
  const crypto = new CryptoSpeed();
  for (let from = 0; from < names.length; from += TOGETHER) {
    if (from % BLOCKS_A_MEASUREMENT === 0) crypto.measure();
    const claims = await Promise.all(
      names.slice(from, from + TOGETHER).map(async (name) => ({
        bytes: await readFile(path.join(folder, name)),
        id: parseBlockFileName(name),
      })),
    );
    const start = performance.now();
    const contents = verifyBlocks(claims);
    verifyMs += performance.now() - start;
    for (const [at, content] of contents.entries()) {
      if (content instanceof Error) throw content;
      commands += content.userCommands.length + content.internalCommands.length;
      verified.set(claims[at].id.stateHash, content);
    }
  }
  const blocks = verified.size;
  const digest_seconds = crypto.seconds(blocks, commands);
  return { verified, verify: { blocks, commands, seconds: verifyMs / 1000, digest_seconds } };
}
