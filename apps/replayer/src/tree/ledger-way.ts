// The way that a ledger has gone above a root, block by block, a mark of its journal below every one of them.

import type { ReplayBlock } from "@forklift/archive";
import type { Ledger, Mark } from "@forklift/ledger";
import { type ApplyOptions, applyBlock, type BlockEffect } from "../blocks/apply-block.ts";

/** A block of the way, and the moment before it. */
interface WentBlock {
  readonly stateHash: string;
  readonly mark: Mark;
}

/** A block on it takes what the journal keeps of it, some 20 kB. */
export class LedgerWay {
  readonly #ledger: Ledger;
  readonly #way: WentBlock[] = [];

  /** @param ledger as it stands after the root; nobody else changes it while a way leads away from there. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** From above the root up to where the ledger stands. */
  get stateHashes(): readonly string[] {
    return this.#way.map(({ stateHash }) => stateHash);
  }

  get depth(): number {
    return this.#way.length;
  }

  /** @throws VerificationError as `applyBlock`; the ledger is as it was then. */
  apply(block: ReplayBlock, options: ApplyOptions = {}): BlockEffect {
    const mark = this.#ledger.mark();
    try {
      const effect = applyBlock(this.#ledger, block, options);
      this.#way.push({ stateHash: block.stateHash, mark });
      return effect;
    } catch (error) {
      this.#ledger.rollBack(mark);
      throw error;
    }
  }

  /** @param depth how many blocks stay. */
  rollBackTo(depth: number): void {
    const first = this.#way[depth];
    if (first === undefined) return;
    this.#ledger.rollBack(first.mark);
    this.#way.length = depth;
  }
}
