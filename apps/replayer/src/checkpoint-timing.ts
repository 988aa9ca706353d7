// When a checkpoint is written: every so many blocks, after so much time, and at an end.

import type { Ledger, LedgerTree } from "@forklift/ledger";
import { checkpointOf } from "./checkpoint/checkpoint.ts";
import { writeCheckpoint } from "./checkpoint/write-checkpoint.ts";
import type { TargetBlock } from "./target-blocks.ts";
import type { ReplayerWorld } from "./world.ts";

type World = Pick<
  ReplayerWorld,
  "checkpoints" | "checkpointIntervalBlocks" | "checkpointIntervalMs" | "network" | "now"
>;

export class CheckpointTiming {
  readonly #world: World;
  readonly #ledger: Ledger;
  readonly #tree: LedgerTree;
  /** Where and when the last one was written, or the run began: a file, so no cursor could know. */
  #height: bigint;
  #atMs: number;
  #written = 0;

  constructor(world: World, ledger: Ledger, tree: LedgerTree, startHeight: bigint) {
    this.#world = world;
    this.#ledger = ledger;
    this.#tree = tree;
    this.#height = startHeight;
    this.#atMs = world.now();
  }

  get written(): number {
    return this.#written;
  }

  /** A batch ends there at the latest. */
  get nextHeight(): bigint {
    return this.#height + this.#world.checkpointIntervalBlocks;
  }

  /** Whether it is time for one after the block at that height. */
  isDue(height: bigint): boolean {
    const { checkpointIntervalMs, now } = this.#world;
    return height >= this.nextHeight || now() - this.#atMs >= checkpointIntervalMs;
  }

  /** @param block the last one that the ledger holds. */
  async write(block: TargetBlock): Promise<void> {
    const { checkpoints, network, now } = this.#world;
    const checkpoint = await checkpointOf(block, this.#ledger, this.#tree);
    await writeCheckpoint(checkpoints, network.name, checkpoint);
    this.#height = block.height;
    this.#atMs = now();
    this.#written += 1;
  }

  /** What would be lost is written; at the height of the last one that is nothing. */
  async writeUnlessWritten(block: TargetBlock): Promise<void> {
    if (block.height > this.#height) await this.write(block);
  }
}
