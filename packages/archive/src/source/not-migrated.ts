// Counts the rows of the source that are not migrated and stay in the old database only: the new
// schema cannot hold them, or they do not belong to the chain. Reports call them left behind.

import type { Session } from "@forklift/postgres";
import { statusOf } from "./chain-status.ts";
import { mayReadBalances } from "./source-balances.ts";
import { branchCondition, branchParams, type SourceBranches } from "./source-branches.ts";
import { chainCondition, type SourceChain } from "./source-chain.ts";

/** Rows of the source, by what they are. */
export interface NotMigrated {
  /** Those of a chain status that we do not know among them. */
  readonly orphanedBlocks: number;
  /** Blocks of no verdict yet that the chain does not go through. */
  readonly pendingBlocks: number;
  /** Canonical blocks above the stop point. */
  readonly canonicalBlocksAbove: number;
  /**
   * Balances after each command: the new schema holds accounts at the end of a block instead. Left
   * out when the role may not read them, since nothing else of a migration needs them.
   */
  readonly balances?: number;
}

/**
 * By the chain that a run has chosen, and by what the source says of each block.
 * @param branches what is migrated beside the chain.
 */
export async function countNotMigrated(
  source: Session,
  chain: SourceChain,
  branches: SourceBranches | null = null,
): Promise<NotMigrated> {
  const [blocks] = await source.query<Record<"orphaned" | "pending" | "canonical", string>>(
    `select count(*) filter (where ${statusOf("b")} not in ('canonical', 'pending')) as orphaned,
            count(*) filter (where ${statusOf("b")} = 'pending') as pending,
            count(*) filter (where b.chain_status = 'canonical') as canonical
     from blocks b
     where ${chainCondition("b")} is not true and ${branchCondition("b")} is not true`,
    branchParams(chain, branches),
  );
  return {
    orphanedBlocks: Number(blocks!.orphaned),
    pendingBlocks: Number(blocks!.pending),
    canonicalBlocksAbove: Number(blocks!.canonical),
    ...(await countBalances(source)),
  };
}

async function countBalances(source: Session): Promise<Pick<NotMigrated, "balances">> {
  if (!(await mayReadBalances(source))) return {};
  const [balances] = await source.query<{ count: string }>("select count(*) from balances");
  return { balances: Number(balances!.count) };
}

/** Blocks of the source, of any chain status, which a finished migration has not taken. */
export interface BlocksNotMigrated {
  /** Beside the chain, up to the last migrated height. */
  readonly orphaned: number;
  readonly above: number;
}

/** Every block of the target is one of the source, whatever history it was migrated in. */
export async function countBlocksNotMigrated(
  source: Session,
  target: Session,
  height: number,
): Promise<BlocksNotMigrated> {
  const all = await countAround(source, height);
  const migrated = await countAround(target, height);
  return { orphaned: all.upTo - migrated.upTo, above: all.above - migrated.above };
}

async function countAround(archive: Session, height: number) {
  const [row] = await archive.query<Record<"above" | "up_to", string>>(
    `select count(*) filter (where height > $1) as above, count(*) filter (where height <= $1) as up_to
     from blocks`,
    [height],
  );
  return { above: Number(row!.above), upTo: Number(row!.up_to) };
}
