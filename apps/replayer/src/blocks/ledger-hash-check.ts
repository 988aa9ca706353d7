// Compares the ledger hash after every block with the recorded one, while the next blocks are
// applied already: threads may be at work on the hashes.

import type { ReplayBlock } from "@forklift/archive";
import type { LedgerHash } from "@forklift/chain";
import type { LedgerTree } from "@forklift/ledger";
import type { Network } from "@forklift/network";
import { difference } from "./difference.ts";

/** Blocks that the threads may be behind: several windows of them. One waits with some 10 kB. */
const WAITING_BLOCKS_MAX = 512;

type Block = Pick<ReplayBlock, "height" | "stateHash" | "ledgerHash" | "globalSlotSinceGenesis">;

interface Asked {
  readonly block: Block;
  readonly replayed: Promise<LedgerHash>;
}

export class LedgerHashCheck {
  readonly #tree: LedgerTree;
  readonly #exceptions: Network["ledgerHashExceptions"];
  readonly #asked: Asked[] = [];
  /** The exceptional block after which no other has agreed yet. */
  #exceptional: Block | null = null;
  #compared = 0;
  #exceptionsUsed = 0;

  constructor(tree: LedgerTree, exceptions: Network["ledgerHashExceptions"]) {
    this.#tree = tree;
    this.#exceptions = exceptions;
  }

  /** Ledger hashes that agreed. */
  get compared(): number {
    return this.#compared;
  }

  /** Blocks whose ledger hash differed and was not demanded. */
  get exceptionsUsed(): number {
    return this.#exceptionsUsed;
  }

  /**
   * Asks for the hash of the ledger as it stands, which is that after the block.
   * @throws VerificationError as `settle`.
   */
  async ask(block: Block): Promise<void> {
    const replayed = this.#tree.ledgerHash();
    // Its error is met when it is compared; until then nobody waits for it.
    replayed.catch(() => undefined);
    this.#asked.push({ block, replayed });
    if (this.#asked.length >= WAITING_BLOCKS_MAX) await this.#compareOldest();
  }

  /**
   * Waits for every hash that was requested.
   * @throws VerificationError at the first block, in the order of the chain, whose hash differs.
   */
  async settle(): Promise<void> {
    while (this.#asked.length > 0) await this.#compareOldest();
  }

  async #compareOldest(): Promise<void> {
    const { block, replayed } = this.#asked.shift()!;
    this.#compare(block, await replayed);
  }

  #compare(block: Block, replayed: LedgerHash): void {
    if (replayed === block.ledgerHash) {
      this.#compared += 1;
      this.#exceptional = null;
      return;
    }
    if (isLedgerHashException(this.#exceptions, block)) {
      this.#exceptionsUsed += 1;
      this.#exceptional = block;
      return;
    }
    const what = `has ledger hash ${block.ledgerHash}, its replay gives ${replayed}`;
    if (this.#exceptional === null) throw difference(block, what);
    const { stateHash, height } = this.#exceptional;
    throw difference(
      block,
      `${what}; block ${stateHash} at height ${height} before it is a known exception ` +
        `(${this.#exceptions.get(stateHash)!.reason}), after which they must agree again`,
      { hint: "if this block is known to be one, too, name it with --ledger-hash-exception" },
    );
  }
}

/** Whether the ledger hash of a block is not demanded. */
export function isLedgerHashException(
  exceptions: Network["ledgerHashExceptions"],
  { stateHash, globalSlotSinceGenesis }: Pick<Block, "stateHash" | "globalSlotSinceGenesis">,
): boolean {
  const exception = exceptions.get(stateHash);
  if (exception === undefined) return false;
  return exception.slots?.has(globalSlotSinceGenesis) ?? true;
}
