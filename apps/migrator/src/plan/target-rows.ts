// How many rows a migration would write, table by table.

import {
  countGenesisRows,
  countSourceRows,
  type GenesisRowCounts,
  type SourceBranches,
  type SourceChain,
  type SourceCounts,
} from "@forklift/archive";
import type { GenesisLedger } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { PlannedBranches } from "../branches/planned-branches.ts";
import type { ArchiveContext } from "../context.ts";
import type { InspectedContext, Inspection } from "../preflight/inspect.ts";

export interface TableRows {
  readonly table: string;
  readonly rows: number;
  /** Set where only the precomputed blocks have the exact number. */
  readonly isEstimate: boolean;
}

/** What a migration would write. */
export interface WrittenBlocks extends Pick<Inspection, "targetState"> {
  readonly chain: SourceChain;
  /** Blocks of the chain up to this height are in the target. */
  readonly above: bigint;
  readonly branches: SourceBranches | null;
  readonly planned: PlannedBranches;
}

/** Reads only. Counts as `migrate` writes; a replay adds accounts to what is counted here. */
export async function countTargetRows(
  { source, target, genesisLedger }: InspectedContext & Pick<ArchiveContext, "source">,
  { chain, above, targetState, branches, planned }: WrittenBlocks,
): Promise<TableRows[]> {
  const filled = targetState === "archive" ? target : null;
  const knownKeys = keysOfLedger(genesisLedger);
  const counts = await countSourceRows(source, {
    ...{ chain, above, branches, knownKeys },
    absent: planned.absent.map(({ stateHash }) => stateHash),
    leftOut: planned.leftOut,
  });
  const ofLedger = await ledgerRows(filled, genesisLedger, knownKeys);
  const isNew = above === 0n;
  return [
    ...chainRows(counts, ofLedger.publicKeys, isNew),
    ...Object.entries(ofLedger.tables).map(([table, rows]) => exact(table, rows)),
  ];
}

/** Of a chain whose commands nobody has read yet: its blocks, and what the genesis ledger takes. */
export async function rowsKnownBefore(
  { target, genesisLedger }: InspectedContext,
  { targetState, blocks }: Pick<Inspection, "targetState"> & { readonly blocks: number },
): Promise<TableRows[]> {
  const filled = targetState === "archive" ? target : null;
  const { tables } = await ledgerRows(filled, genesisLedger, keysOfLedger(genesisLedger));
  const ofLedger = Object.entries(tables).map(([table, rows]) => exact(table, rows));
  return [exact("blocks", blocks), ...ofLedger];
}

function chainRows(counts: SourceCounts, ledgerKeys: number, isNew: boolean): TableRows[] {
  return [
    exact("blocks", counts.blocks),
    exact("user_commands", counts.userCommands),
    exact("blocks_user_commands", counts.blocksUserCommands),
    exact("internal_commands", counts.internalCommands),
    exact("blocks_internal_commands", counts.blocksInternalCommands),
    exact("public_keys", counts.publicKeys + ledgerKeys),
    exact("snarked_ledger_hashes", counts.ledgerHashes),
    // Every block names another next epoch; the staking epoch is one of those that came before.
    { table: "epoch_data", rows: counts.blocks, isEstimate: true },
    exact("protocol_versions", isNew && counts.blocks > 0 ? 1 : 0),
  ];
}

/** Rows that every genesis account shares: default token, symbol, vote, permissions. */
const SHARED_TABLES = ["tokens", "token_symbols", "voting_for", "zkapp_permissions"] as const;

const NO_ROWS: GenesisRowCounts = { accounts: 0, publicKeys: 0 };

async function ledgerRows(
  filled: Session | null,
  { accounts }: GenesisLedger,
  keys: readonly string[],
): Promise<{ readonly publicKeys: number; readonly tables: Record<string, number> }> {
  const there = filled === null ? NO_ROWS : await countGenesisRows(filled, keys);
  const missing = accounts.length - there.accounts;
  const shared = there.accounts === 0 && missing > 0 ? 1 : 0;
  return {
    publicKeys: keys.length - there.publicKeys,
    tables: {
      accounts_accessed: missing,
      account_identifiers: missing,
      timing_info: missing,
      ...Object.fromEntries(SHARED_TABLES.map((table) => [table, shared])),
    },
  };
}

function keysOfLedger({ accounts }: GenesisLedger): string[] {
  return [...new Set(accounts.flatMap(({ publicKey, delegate }) => [publicKey, delegate]))];
}

function exact(table: string, rows: number): TableRows {
  return { table, rows, isEstimate: false };
}
