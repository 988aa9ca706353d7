// Real mainnet data for the tests: where it lies, and blocks by height and state hash.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import {
  type BlockFileName,
  nanominaOfMina,
  parseBlockFileName,
  parsePublicKey,
} from "@forklift/chain";
import { mainnetBlocks } from "@forklift/testkit";
import { newAccount } from "../src/accounts/account.ts";

const SHARED =
  process.env["FORKLIFT_SHARED"] ?? path.resolve(import.meta.dirname, "../../../../shared");

/** Without the data its tests are skipped, except in CI, where a skip would pass for a success. */
export const hasMainnetData = existsSync(path.join(SHARED, "data/mainnet"));
if (!hasMainnetData && process.env["CI"] !== undefined) {
  throw new Error(`no mainnet data in ${SHARED}; set FORKLIFT_SHARED`);
}

export function readShared(name: string): string {
  return readFileSync(path.join(SHARED, name), "utf8");
}

export function readSharedGzip(name: string): string {
  return gunzipSync(readFileSync(path.join(SHARED, name))).toString("utf8");
}

/** Height 1, which is not among the files of `unpackBlocks`. */
export function readGenesisBlock(): unknown {
  const stateHash = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";
  return JSON.parse(readShared(`data/mainnet/mainnet-1-${stateHash}.json`));
}

export function readGenesisLedger(): unknown {
  return JSON.parse(readShared("data/mainnet/genesis-ledger.json"));
}

/** The nightly dumps, oldest first, as paths. */
export function mainnetDumps(): string[] {
  const folder = path.join(SHARED, "data/mainnet/dumps");
  return readdirSync(folder)
    .sort()
    .map((name) => path.join(folder, name));
}

export const MAINNET_WINNER = newAccount(
  parsePublicKey("B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg"),
  nanominaOfMina("0.000001"),
);

export interface BlockFiles {
  /** By height, then by state hash. */
  readonly names: readonly BlockFileName[];
  read(stateHash: string): unknown;
}

/** The 3,915 blocks of heights 2 to 2025. */
export async function unpackBlocks(): Promise<BlockFiles> {
  const folder = await mainnetBlocks();
  const files = readdirSync(folder).map((name) => ({ name, ...parseBlockFileName(name)! }));
  files.sort((a, b) => Number(a.height - b.height) || (a.stateHash < b.stateHash ? -1 : 1));
  const nameOf = new Map<string, string>(files.map(({ stateHash, name }) => [stateHash, name]));
  return {
    names: files,
    read: (hash) => JSON.parse(readFileSync(path.join(folder, nameOf.get(hash)!), "utf8")),
  };
}
