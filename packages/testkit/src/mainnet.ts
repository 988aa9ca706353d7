// Where the real mainnet data lies that tests run on. It is not part of the repository.

import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));

/** Beside the checkout, or where the variable says. */
const SHARED = path.resolve(process.env["FORKLIFT_SHARED"] ?? path.join(REPOSITORY, "../shared"));

/** A file below the shared folder, as a path. */
export function sharedPath(name: string): string {
  return path.join(SHARED, name);
}

/** A file of the mainnet data, as a file:// URL. */
export function mainnetUrl(name: string): string {
  return pathToFileURL(sharedPath(`data/mainnet/${name}`)).href;
}

/** The tip of the data: the only block at height 2025, and what a replay up to it gives. */
export const MAINNET = {
  tip: "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4",
  tipHeight: 2025,
  tipLedgerHash: "jxF9QxrVpjrZZ3uaC1HnirYb6pY8dUfWBEABsrXqpHC8bJsqqTv",
  accountsAccessed: 7991,
  accountsCreated: 100,
  accounts: 1776,
  blocks: "precomputed-blocks-2-2025.tar.gz",
  genesisLedger: "genesis-ledger.json",
  dumps: ["2021-03-20_0000", "2021-03-21_0000", "2021-03-22_0000", "2021-03-23_0000"],
} as const;

/** What a real node archived: heights 1 to 588, of which the archive calls 298 canonical. */
export const REAL_ARCHIVE = {
  /** One of three blocks of that height. */
  tip: "3NKt4qLYVYny3DEsb4afjjx4bUV9R1rTKjpCfZWDD8mwddP7qJ2Y",
  tipHeight: 588,
  canonicalHeight: 298,
  /** On the chain of the tip. */
  balances: 3_090,
  userCommands: 973,
  internalCommands: 1_168,
  release1: "real-archive/mainnet-archive-588-schema-1.0.sql.gz",
  release2: "real-archive/mainnet-archive-588-schema-2.0.sql.gz",
} as const;

export function mainnetDump(stamp: string): string {
  return `mainnet-archive-dump-${stamp}.sql.tar.gz`;
}

/**
 * For `describe.skipIf(...)`: true when the data is missing on somebody's machine. In CI it must be
 * there, so that a green run means that it was used.
 */
export function isMainnetDataMissing(): boolean {
  return isMissing("data/mainnet");
}

/** The same of the real node's archive, which an older shared folder is without. */
export function isRealArchiveMissing(): boolean {
  return isMissing(`data/mainnet/${REAL_ARCHIVE.release2}`);
}

function isMissing(name: string): boolean {
  if (existsSync(sharedPath(name))) return false;
  if (process.env["CI"] !== undefined) {
    throw new Error(`CI is set, but there is no ${name} in ${SHARED}; set FORKLIFT_SHARED`);
  }
  return true;
}
