// What of the source a migration does not take: the new schema has no place for it, or it lies beside
// the chain.

import type { Session } from "@forklift/postgres";
import { chainCondition, type SourceChain } from "./source-chain.ts";

/** Rows of the source, by what they are. */
export interface LeftBehind {
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

export async function countLeftBehind(source: Session, chain: SourceChain): Promise<LeftBehind> {
  const [blocks] = await source.query<Record<"orphaned" | "pending" | "canonical", string>>(
    `select count(*) filter (where b.chain_status = 'orphaned') as orphaned,
            count(*) filter (where b.chain_status = 'pending') as pending,
            count(*) filter (where b.chain_status = 'canonical') as canonical
     from blocks b where not (${chainCondition("b")})`,
    [chain.canonicalHeight, chain.tail.map(({ stateHash }) => stateHash)],
  );
  return {
    orphanedBlocks: Number(blocks!.orphaned),
    pendingBlocks: Number(blocks!.pending),
    canonicalBlocksAbove: Number(blocks!.canonical),
    ...(await countBalances(source)),
  };
}

async function countBalances(source: Session): Promise<Pick<LeftBehind, "balances">> {
  const [role] = await source.query<{ readable: boolean }>(
    "select has_table_privilege('public.balances', 'select') as readable",
  );
  if (role?.readable !== true) return {};
  const [balances] = await source.query<{ count: string }>("select count(*) from balances");
  return { balances: Number(balances!.count) };
}
