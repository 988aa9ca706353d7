// Every question that `forklift verify` asks, in the order of the report. Read this file first.

import type { ArchiveCheck } from "../check.ts";
import { accountsAccessedComplete } from "./accounts-accessed-complete.ts";
import { accountsCreatedEqual } from "./accounts-created-equal.ts";
import { blocksEqual } from "./blocks-equal.ts";
import { chainConnected } from "./chain-connected.ts";
import { genesisAccountsEqual } from "./genesis-accounts-equal.ts";
import { internalCommandsEqual } from "./internal-commands-equal.ts";
import { ledgerHashAtTip } from "./ledger-hash-at-tip.ts";
import { noForeignRows } from "./no-foreign-rows.ts";
import { nothingButCanonical } from "./nothing-but-canonical.ts";
import { precomputedEqual } from "./precomputed-equal.ts";
import { userCommandsEqual } from "./user-commands-equal.ts";

export const checks: readonly ArchiveCheck[] = [
  // The target by itself: is it one chain, and nothing else?
  chainConnected,
  nothingButCanonical,
  noForeignRows,
  // Against the source archive.
  blocksEqual,
  userCommandsEqual,
  internalCommandsEqual,
  accountsAccessedComplete,
  accountsCreatedEqual,
  // Against the precomputed blocks.
  precomputedEqual,
  // Against the genesis ledger, and against the ledger hash that the network agreed on.
  genesisAccountsEqual,
  ledgerHashAtTip,
];
