// Decides when a replay writes a checkpoint: every so many blocks, after so much time, and at its end.
// Where threads hash, it is written beside the replay, which goes on meanwhile.

import type { TargetBlock } from "@forklift/archive";
import type { Ledger, LedgerTree } from "@forklift/ledger";
import type { ReplayerContext } from "../context.ts";
import { checkpointOfTree } from "./checkpoint.ts";
import { writeCheckpoint } from "./write-checkpoint.ts";

type Context = Pick<
  ReplayerContext,
  | "checkpoints"
  | "checkpointIntervalBlocks"
  | "checkpointIntervalMs"
  | "network"
  | "now"
  | "threads"
>;

export class CheckpointTiming {
  readonly #context: Context;
  readonly #ledger: Ledger;
  readonly #tree: LedgerTree;
  /** Height and time of the last one that was begun, or of the start: no cursor has them. */
  #height: bigint;
  #atMs: number;
  #written = 0;
  /** The one that is being written. */
  #beside: Promise<void> | null = null;

  constructor(context: Context, ledger: Ledger, tree: LedgerTree, startHeight: bigint) {
    this.#context = context;
    this.#ledger = ledger;
    this.#tree = tree;
    this.#height = startHeight;
    this.#atMs = context.now();
  }

  get written(): number {
    return this.#written;
  }

  /** A batch ends there at the latest. */
  get nextHeight(): bigint {
    return this.#height + this.#context.checkpointIntervalBlocks;
  }

  /** Whether it is time for one after the block at that height. */
  isDue(height: bigint): boolean {
    const { checkpointIntervalMs, now } = this.#context;
    return height >= this.nextHeight || now() - this.#atMs >= checkpointIntervalMs;
  }

  /**
   * Begins one, and waits for the one before.
   * @param block the last one that the ledger holds.
   * @param isLast the ledger changes no more, so that one thread has other things to do meanwhile, too.
   * @throws what kept the one before from being written.
   */
  async begin(block: TargetBlock, { isLast = false } = {}): Promise<void> {
    await this.settle();
    this.#height = block.height;
    this.#atMs = this.#context.now();
    const written = this.#write(block);
    // Its error is thrown by whoever waits for it.
    written.catch(() => undefined);
    this.#beside = written;
    if (this.#context.threads === 1 && !isLast) await this.settle();
  }

  /** Until the last one is written. @throws what kept it from being written. */
  async settle(): Promise<void> {
    const beside = this.#beside;
    this.#beside = null;
    await beside;
  }

  /** What would be lost is written; at the height of the last one that is nothing. */
  async writeUnlessWritten(block: TargetBlock): Promise<void> {
    if (block.height > this.#height) await this.begin(block);
    await this.settle();
  }

  async #write(block: TargetBlock): Promise<void> {
    const { checkpoints, network, threads } = this.#context;
    const [ledger, tree, isBeside] = [this.#ledger, this.#tree, threads > 1];
    const checkpoint = await checkpointOfTree(block, { ledger, tree, isBeside });
    await writeCheckpoint(checkpoints, network.name, checkpoint);
    this.#written += 1;
  }
}
