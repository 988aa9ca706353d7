// Every check of `forklift verify`, in the order of the report. Read this file first.

import type { TableCheck, WalkCheck } from "../check.ts";
import { accountsAccessedComplete } from "./accounts-accessed-complete.ts";
import { accountsCreatedEqual } from "./accounts-created-equal.ts";
import { accountsFollowCommands } from "./accounts-follow-commands.ts";
import { anchored } from "./anchored.ts";
import { blockColumnsEqual, blocksEqual } from "./blocks-equal.ts";
import { branchStatusesEqual } from "./branch-statuses-equal.ts";
import { branchesComplete } from "./branches-complete.ts";
import { chainConnected } from "./chain-connected.ts";
import { everyRowSeen } from "./every-row-seen.ts";
import { forkConfigEqual } from "./fork-config-equal.ts";
import { forkGenesisAccounts } from "./fork-genesis-accounts.ts";
import { genesisAccountsEqual } from "./genesis-accounts-equal.ts";
import { internalCommandsEqual } from "./internal-commands-equal.ts";
import { ledgerHashAtEveryBlock } from "./ledger-hash-at-every-block.ts";
import { noDanglingReferences } from "./no-dangling-references.ts";
import { noForeignRows } from "./no-foreign-rows.ts";
import { noRepeatedRows } from "./no-repeated-rows.ts";
import { noUnreferencedRows } from "./no-unreferenced-rows.ts";
import { nothingButCanonical } from "./nothing-but-canonical.ts";
import { internalCommandsPrecomputed, userCommandsPrecomputed } from "./precomputed-commands.ts";
import { precomputedEqual } from "./precomputed-equal.ts";
import { provenPartUnchanged } from "./proven-part-unchanged.ts";
import { receiptChains } from "./receipt-chains.ts";
import { schemaEqual } from "./schema-equal.ts";
import { sequencesPastRows } from "./sequences-past-rows.ts";
import { signatures } from "./signatures.ts";
import { userCommandsEqual } from "./user-commands-equal.ts";

/** All of them are shown the same rows, gathered once. */
export const walkChecks: readonly WalkCheck[] = [
  // The eight of the official verifier.
  chainConnected,
  nothingButCanonical,
  accountsAccessedComplete,
  accountsCreatedEqual,
  blocksEqual,
  userCommandsEqual,
  internalCommandsEqual,
  forkConfigEqual,
  // What it leaves open: the rest of the source's columns,
  blockColumnsEqual,
  // the precomputed blocks, whose state hashes are recomputed,
  precomputedEqual,
  userCommandsPrecomputed,
  internalCommandsPrecomputed,
  // the signatures, which no state hash covers,
  signatures,
  // and the values of the accounts.
  genesisAccountsEqual,
  ledgerHashAtEveryBlock,
  receiptChains,
  accountsFollowCommands,
  everyRowSeen,
  // Of a history that has more than the chain.
  branchStatusesEqual,
  branchesComplete,
  // Of an archive that has gone on.
  forkGenesisAccounts,
];

/** Each queries whole tables, beside the walk. */
export const tableChecks: readonly TableCheck[] = [
  anchored,
  provenPartUnchanged,
  schemaEqual,
  noForeignRows,
  noDanglingReferences,
  noUnreferencedRows,
  noRepeatedRows,
  sequencesPastRows,
];
