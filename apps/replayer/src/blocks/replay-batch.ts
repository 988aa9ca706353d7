// One batch of blocks: applied to the ledger and compared, with the rows that come of it.

import type { AccessedAccount, CreatedAccount, TargetBlock } from "@forklift/archive";
import { ACCOUNT_CREATION_FEE, type Ledger } from "@forklift/ledger";
import { type AppliedTransaction, applyBlock } from "./apply-block.ts";
import type { BalanceCheck } from "./balance-check.ts";
import type { LedgerHashCheck } from "./ledger-hash-check.ts";
import type { BlockToReplay } from "./read-blocks.ts";
import type { Work } from "./timings.ts";

export interface Replayed {
  readonly accessed: readonly AccessedAccount[];
  readonly created: readonly CreatedAccount[];
  readonly blockCount: number;
  readonly commandCount: number;
  /** Null when there was none to replay. */
  readonly last: TargetBlock | null;
}

export interface BatchTools {
  readonly blocks: AsyncIterator<BlockToReplay, undefined>;
  readonly ledger: Ledger;
  readonly ledgerHashes: LedgerHashCheck;
  readonly balances: BalanceCheck;
  /** Told the milliseconds of every piece of work. */
  readonly timed: <Result>(work: Work, run: () => Promise<Result>) => Promise<Result>;
}

export interface BatchLimits {
  readonly to: bigint;
  readonly blocksMax: number;
  readonly commandsMax: number;
}

/**
 * Ledger hashes are requested, and may not be compared yet when the batch is returned.
 * @throws VerificationError at the first difference in the order of the chain: one of a block whose
 * ledger hash is still to come goes before that of a command after it.
 */
export async function replayBatch(
  tools: BatchTools,
  from: bigint,
  { to, blocksMax, commandsMax }: BatchLimits,
): Promise<Replayed> {
  const accessed: AccessedAccount[] = [];
  const created: CreatedAccount[] = [];
  let last: TargetBlock | null = null;
  let blockCount = 0;
  let commandCount = 0;
  try {
    for (
      let next = from;
      next <= to && blockCount < blocksMax && commandCount < commandsMax;
      next++
    ) {
      const { value } = await tools.timed("reading", () => tools.blocks.next());
      if (value === undefined) throw new Error(`no block was read at height ${next}`);
      await replayOne(tools, value, accessed, created);
      last = value.block;
      blockCount += 1;
      commandCount += value.block.commands.length;
    }
    await tools.timed("hashing", () => tools.ledgerHashes.askLast());
  } catch (error) {
    await tools.ledgerHashes.settle();
    throw error;
  }
  return { accessed, created, blockCount, commandCount, last };
}

async function replayOne(
  { ledger, ledgerHashes, balances, timed }: BatchTools,
  { block, balances: recorded, receiptChains }: BlockToReplay,
  accessed: AccessedAccount[],
  created: CreatedAccount[],
): Promise<void> {
  const applied: AppliedTransaction = (of, placed) => {
    if (recorded !== null) balances.compare(of, placed);
  };
  if (recorded !== null) balances.begin(recorded);
  await ledgerHashes.before(block);
  const effect = applyBlock(ledger, block, { applied, receiptChains });
  if (recorded !== null) balances.end(block);
  await timed("hashing", () => ledgerHashes.applied(block));
  for (const ledgerIndex of effect.accessed) {
    accessed.push({ blockId: block.id, ledgerIndex, account: ledger.account(ledgerIndex) });
  }
  for (const index of effect.created) {
    const account = ledger.account(index);
    created.push({ blockId: block.id, account, creationFee: ACCOUNT_CREATION_FEE });
  }
}
