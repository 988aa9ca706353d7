// Every block of a folder, read and verified on this thread, and what of that time is cryptography.

import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { parseBlockFileName } from "@forklift/chain";
import { verifyBlock } from "@forklift/precomputed";
import { digestMs, permutationMs } from "../../packages/precomputed/bench/crypto-speed.js";

/** A protocol state: 22 field elements and two prefixes that are hashed once for all. */
const PERMUTATIONS_A_BLOCK = 12;

/** Only verifying is timed: the files are read between. */
export async function verifiedBlocks(folder) {
  const verified = new Map();
  let [verifyMs, commands] = [0, 0];
  for (const name of await readdir(folder)) {
    const id = parseBlockFileName(name);
    if (id === null) continue;
    const bytes = await readFile(path.join(folder, name));
    const start = performance.now();
    const content = verifyBlock(bytes, id);
    verifyMs += performance.now() - start;
    commands += content.userCommands.length + content.internalCommands.length;
    verified.set(id.stateHash, content);
  }
  const blocks = verified.size;
  const cryptoMs = blocks * PERMUTATIONS_A_BLOCK * permutationMs() + commands * digestMs();
  return {
    verified,
    verify: { blocks, commands, seconds: verifyMs / 1000, digest_seconds: cryptoMs / 1000 },
  };
}
