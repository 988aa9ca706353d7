// Compares the ledger hash after every block with the recorded one, while the next blocks are
// applied already: threads may be at work on the hashes.

import type { ReplayBlock } from "@forklift/archive";
import type { LedgerHash } from "@forklift/chain";
import type { LedgerTree } from "@forklift/ledger";
import { isLedgerHashException, type Network } from "@forklift/network";
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
  readonly #blocksPerHash: number;
  readonly #asked: Asked[] = [];
  /** Blocks since the last whose hash was asked for, and the last of them. */
  #passedOver = 0;
  #lastPassedOver: Block | null = null;
  /** The exceptional block after which no other has agreed yet. */
  #exceptional: Block | null = null;
  /** Branches since the last whose end was asked for. */
  #branchesPassedOver = 0;
  #compared = 0;
  #notAsked = 0;
  #exceptionsUsed = 0;

  /** @param blocksPerHash 1 compares every block. */
  constructor(
    tree: LedgerTree,
    exceptions: Network["ledgerHashExceptions"],
    blocksPerHash: number,
  ) {
    this.#tree = tree;
    this.#exceptions = exceptions;
    this.#blocksPerHash = blocksPerHash;
  }

  get comparesEveryBlock(): boolean {
    return this.#blocksPerHash === 1;
  }

  /** Ledger hashes that agreed. */
  get compared(): number {
    return this.#compared;
  }

  /** Blocks whose ledger hash was passed over, for one above them to vouch for. */
  get notCompared(): number {
    return this.#notAsked;
  }

  /** Blocks whose ledger hash differed and was not demanded. */
  get exceptionsUsed(): number {
    return this.#exceptionsUsed;
  }

  /**
   * Told of a block before it is applied: what would be excused with one whose ledger hash is not demanded is
   * asked for first.
   * @throws VerificationError as `settle`.
   */
  async before(block: Block): Promise<void> {
    if (isLedgerHashException(this.#exceptions, block)) await this.askLast();
  }

  /**
   * Told of every block in turn: asks for the hash of the ledger as it stands, which is that after the block,
   * or passes over the block.
   * @throws VerificationError as `settle`.
   */
  async applied(block: Block): Promise<void> {
    this.#passedOver += 1;
    this.#lastPassedOver = block;
    if (this.#passedOver >= this.#blocksPerHash) await this.askLast();
  }

  /**
   * Told of the end of a branch, where only some blocks are compared: nothing above it vouches for it, so that one
   * branch in as many is asked for, and the others are left to whoever compares every block.
   * @param blocks of the branch, that one included.
   * @throws VerificationError as `settle`.
   */
  async branchEnded(block: Block, blocks: number): Promise<void> {
    this.#branchesPassedOver += 1;
    if (this.#branchesPassedOver < this.#blocksPerHash) {
      this.#notAsked += blocks;
      return;
    }
    this.#branchesPassedOver = 0;
    this.#notAsked += blocks - 1;
    await this.#ask(block);
  }

  /**
   * Asks for the hash after the last block, if that was passed over. What went before it is proven by it.
   * @throws VerificationError as `settle`.
   */
  async askLast(): Promise<void> {
    const block = this.#lastPassedOver;
    if (block === null) return;
    this.#notAsked += this.#passedOver - 1;
    this.#passedOver = 0;
    this.#lastPassedOver = null;
    await this.#ask(block);
  }

  async #ask(block: Block): Promise<void> {
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
