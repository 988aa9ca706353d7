// Real precomputed blocks, out of the archive of the mainnet data into memory.

import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { nanominaOfMina, parseBlockFileName, parsePublicKey } from "@forklift/chain";
import { decodeGenesisLedger, newAccount } from "../dist/index.js";

const SHARED =
  process.env.FORKLIFT_SHARED ?? path.resolve(import.meta.dirname, "../../../../shared");

const DATA = path.join(SHARED, "data/mainnet");

/** The only block of height 2025, and the block on which height 2 stands. */
const TIP = "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4";
const GENESIS = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";

const GENESIS_WINNER = "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg";

export const hasMainnetData = existsSync(DATA);

export function genesisAccounts() {
  const json = JSON.parse(readFileSync(path.join(DATA, "genesis-ledger.json"), "utf8"));
  const winner = newAccount(parsePublicKey(GENESIS_WINNER), nanominaOfMina("0.000001"));
  return decodeGenesisLedger(json, winner);
}

/** The bytes of the blocks of the canonical chain and their names, from height 2 up. */
export function canonicalBlocks() {
  const files = new Map();
  const archive = readFileSync(path.join(DATA, "precomputed-blocks-2-2025.tar.gz"));
  for (const { name, bytes } of filesOfTar(gunzipSync(archive))) {
    const id = parseBlockFileName(path.basename(name));
    if (id !== null) files.set(id.stateHash, { ...id, bytes });
  }
  const chain = [];
  for (let hash = TIP; hash !== GENESIS; ) {
    const file = files.get(hash);
    chain.push(file);
    hash = jsonOf(file).protocol_state.previous_state_hash;
  }
  return chain.reverse();
}

/** Latin-1, as the blocks are verified: a few of them are no valid UTF-8. */
export function jsonOf({ bytes }) {
  return JSON.parse(bytes.toString("latin1"));
}

const TAR_BLOCK = 512;
const TAR_SIZE = 124;
const TAR_TYPE = 156;

/** Regular files with short names, which is all that the archive holds. */
function* filesOfTar(tar) {
  for (let at = 0; tar[at] !== 0 && at < tar.length; ) {
    const header = tar.subarray(at, at + TAR_BLOCK);
    const name = header.toString("latin1", 0, header.indexOf(0));
    const size = Number.parseInt(header.toString("latin1", TAR_SIZE, TAR_SIZE + 12), 8);
    const start = at + TAR_BLOCK;
    if ("0\0".includes(String.fromCharCode(header[TAR_TYPE]))) {
      yield { name, bytes: tar.subarray(start, start + size) };
    }
    at = start + Math.ceil(size / TAR_BLOCK) * TAR_BLOCK;
  }
}
