// A walk over the branches of one fork point: every block is applied from where its parent left the ledger, its
// ledger hash is asked for, and in the end the ledger is that of the fork point again.

import type { RecordedBalance, ReplayBlock } from "@forklift/archive";
import type { Ledger } from "@forklift/ledger";
import type { AppliedTransaction } from "../blocks/apply-block.ts";
import type { BalanceCheck } from "../blocks/balance-check.ts";
import type { LedgerHashCheck } from "../blocks/ledger-hash-check.ts";
import { addRows, type RowsOfBlocks } from "../blocks/rows-of-blocks.ts";
import { LedgerWay } from "../tree/ledger-way.ts";

export interface WalkTools {
  readonly ledger: Ledger;
  readonly ledgerHashes: LedgerHashCheck;
  readonly balances: BalanceCheck;
}

/** A block with what is known of it before it is applied. */
export interface BranchBlock {
  readonly block: ReplayBlock;
  /** What the old archive recorded; null when none are compared. */
  readonly balances: readonly RecordedBalance[] | null;
  /** Of one whose accounts the target holds: it is but on the way to others. */
  readonly isRecorded: boolean;
}

export class BranchWalk {
  readonly #tools: WalkTools;
  readonly #way: LedgerWay;
  /** Of the branch that the ledger has gone up, since it was last taken back. */
  #blocks = 0;
  #last: ReplayBlock | null = null;

  /** @param tools with a ledger that stands at the fork point. */
  constructor(tools: WalkTools) {
    this.#tools = tools;
    this.#way = new LedgerWay(tools.ledger);
  }

  /**
   * Applies a block and adds its rows, all before it returns: whoever waits meanwhile meets the ledger of a
   * branch only if this is awaited. The result is of the questions for ledger hashes, and throws as those do.
   * @throws VerificationError at the first difference of a command or a balance.
   */
  apply({ block, balances: recorded, isRecorded }: BranchBlock, rows: RowsOfBlocks): Promise<void> {
    const { ledger, ledgerHashes, balances } = this.#tools;
    const applied: AppliedTransaction = (of, placed) => {
      if (recorded !== null) balances.compare(of, placed);
    };
    const { comparesEveryBlock } = ledgerHashes;
    const before = comparesEveryBlock ? ledgerHashes.before(block) : NOTHING_ASKED;
    // Awaited below, unless an error comes first.
    before.catch(() => undefined);
    if (recorded !== null) balances.begin(recorded);
    const effect = this.#way.apply(block, { applied });
    if (recorded !== null) balances.end(block);
    this.#blocks += 1;
    this.#last = block;
    const asked = comparesEveryBlock ? ledgerHashes.applied(block) : NOTHING_ASKED;
    if (!isRecorded) addRows(rows, ledger, block, effect);
    return allOf([before, asked]);
  }

  /** Likewise at once. */
  rollBackTo(depth: number): Promise<void> {
    const asked = this.#endBranch();
    this.#way.rollBackTo(depth);
    return asked;
  }

  #endBranch(): Promise<void> {
    const { ledgerHashes } = this.#tools;
    const last = this.#last;
    if (last === null || ledgerHashes.comparesEveryBlock) return NOTHING_ASKED;
    const blocks = this.#blocks;
    this.#blocks = 0;
    this.#last = null;
    return ledgerHashes.branchEnded(last, blocks);
  }
}

const NOTHING_ASKED = Promise.resolve();

async function allOf(promises: readonly Promise<void>[]): Promise<void> {
  await Promise.all(promises);
}
