// The block that a replay ends with.

import { findTargetBlock, readTargetTip, type TargetBlock, targetBlockAt } from "@forklift/archive";
import { ConfigError, SourceDataError, UsageError } from "@forklift/pipeline";
import type { ReplayerContext } from "../context.ts";

/**
 * The target's tip unless a stop point is given: the target holds one chain only.
 * @throws SourceDataError when the target does not reach the stop point, UsageError when two stop
 * options disagree, ConfigError for a target without blocks.
 */
export async function findStopBlock({
  target,
  stop: { forkStateHash, stopAtHeight },
}: Pick<ReplayerContext, "target" | "stop">): Promise<TargetBlock> {
  const tip = await readTargetTip(target);
  if (tip === null) {
    throw new ConfigError(`the target ${target.maskedUrl} holds no migrated chain to replay`, {
      hint: "run forklift migrate first",
    });
  }
  const ends = `the target ${target.maskedUrl} ends at height ${tip.height} (${tip.stateHash})`;
  const hint = "check the stop point, or run forklift migrate with it first";
  if (forkStateHash !== null) {
    const block = await findTargetBlock(target, forkStateHash);
    if (block === null) {
      throw new SourceDataError(`${ends} and has no block ${forkStateHash}`, { hint });
    }
    if (stopAtHeight !== null && stopAtHeight !== block.height) {
      throw new UsageError(
        `--fork-state-hash ${forkStateHash} stands at height ${block.height}, ` +
          `--stop-at-height says ${stopAtHeight}`,
        { hint: "give one of them, or two that agree" },
      );
    }
    return block;
  }
  if (stopAtHeight === null) return tip;
  if (stopAtHeight < 1n) {
    throw new UsageError(`--stop-at-height ${stopAtHeight} is below 1`, {
      hint: "give the height of a block; that of the genesis block is 1",
    });
  }
  const block = await targetBlockAt(target, stopAtHeight);
  if (block !== null) return block;
  throw new SourceDataError(`${ends}, --stop-at-height says ${stopAtHeight}`, { hint });
}
