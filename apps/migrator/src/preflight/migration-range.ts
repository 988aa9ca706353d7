// Computes the range of heights of a migration: the chosen chain of the source against the target's
// tip.

import {
  chainBlockAt,
  findTargetRef,
  readTargetTip,
  type SourceChain,
  type StopPoint,
  selectChain,
  sourceHeightOf,
  targetRefAt,
} from "@forklift/archive";
import { type BlockRef, least, type StateHash } from "@forklift/chain";
import { ConfigError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import { mendedChain } from "../heal/mended-chain.ts";
import { requireSameHistory } from "./chosen-branches.ts";

export interface RangeContext
  extends Pick<
    MigratorContext,
    "source" | "network" | "stop" | "trustedStateHash" | "history" | "heals"
  > {
  /** The files that a chain is mended by. */
  readonly blocks?: MigratorContext["blocks"];
  /** Null while there is no such database. */
  readonly target: MigratorContext["target"] | null;
}

export interface MigrationRange {
  readonly chain: SourceChain;
  /** The highest canonical block that the target holds already; null for a target without blocks. */
  readonly targetTip: BlockRef | null;
}

/**
 * @throws VerificationError when the trusted block is not on the chosen chain.
 * @throws ConfigError when the target's tip is not on the chosen chain, saying where they part, or
 * when the stop point lies below it, or above the last pre-fork block.
 */
export async function chooseRange(
  context: RangeContext,
  { targetHasSchema }: { readonly targetHasSchema: boolean },
): Promise<MigrationRange> {
  const { source, target, stop, trustedStateHash = null } = context;
  const chain = await chooseChain(context);
  const tip = targetHasSchema && target !== null ? await readTargetTip(target) : null;
  const targetTip = tip && { height: tip.height, stateHash: tip.stateHash };
  const archive = targetTip === null ? null : target;
  if (trustedStateHash !== null) {
    await requireTrusted(trustedStateHash, { source, chain, target: archive });
  }
  if (archive === null || targetTip === null) return { chain, targetTip };

  const hasStopPoint = stop.forkStateHash !== null || stop.stopAtHeight !== null;
  if (hasStopPoint && targetTip.height > chain.tip.height) {
    throw new ConfigError(
      `the target ${archive.maskedUrl} stands at height ${targetTip.height}, above the stop point ` +
        `${chain.tip.stateHash} at height ${chain.tip.height}`,
      {
        hint:
          `forklift unwind --target-db ${archive.maskedUrl} --to-height ${chain.tip.height} takes it ` +
          "back; or start from an older set or from an empty target",
      },
    );
  }
  const heightMax = least(targetTip.height, chain.tip.height);
  const common = await highestCommonHeight(heightMax, async (height) => {
    const [ofChain, ofTarget] = await Promise.all([
      chainBlockAt(source, chain, height),
      targetRefAt(archive, height),
    ]);
    return ofChain?.stateHash === ofTarget?.stateHash;
  });
  if (common < heightMax) {
    throw new ConfigError(
      `the target ${archive.maskedUrl} (tip ${targetTip.stateHash}, height ${targetTip.height}) is not on ` +
        `the chain that ends in ${chain.tip.stateHash}: they part after height ${common}`,
      { hint: "start again from an empty target, or name the right stop point" },
    );
  }
  await requireSameHistory(archive, context);
  return { chain, targetTip };
}

/**
 * What a source has above the last pre-fork block is not the history that goes on, canonical or not: the
 * chain ends there.
 * @throws ConfigError when the requested end is above it.
 */
async function chooseChain(context: RangeContext): Promise<SourceChain> {
  const { stop, network } = context;
  const { name, lastPreForkBlock } = network;
  const select = chainSelector(context);
  const chain = await select(stop);
  if (lastPreForkBlock === null || chain.tip.height <= lastPreForkBlock.height) return chain;
  const { height, stateHash } = lastPreForkBlock;
  if (stop.forkStateHash === null && stop.stopAtHeight === null) {
    return await select({ forkStateHash: stateHash, stopAtHeight: null });
  }
  throw new ConfigError(
    `the stop point ${chain.tip.stateHash} at height ${chain.tip.height} lies above ${stateHash} at height ` +
      `${height}, the last pre-fork block of ${name}`,
    { hint: "leave the stop point out, or name one at or below that block" },
  );
}

function chainSelector({
  heals = false,
  blocks,
  ...context
}: RangeContext): (stop: StopPoint) => Promise<SourceChain> {
  const { source, network } = context;
  if (!heals || blocks === undefined) return (stop) => selectChain(source, stop, network.name);
  return (stop) => mendedChain({ ...context, blocks }, stop);
}

interface Places extends Pick<RangeContext, "source"> {
  readonly chain: SourceChain;
  /** Null while there is no archive yet. */
  readonly target: Session | null;
}

/**
 * The verification would find it, hours later. A target may stand above a source of another night, and
 * be the one that has the block.
 */
async function requireTrusted(
  stateHash: StateHash,
  { source, chain, target }: Places,
): Promise<void> {
  const mended = chain.tail.find((block) => block.stateHash === stateHash);
  const height = mended?.height ?? (await sourceHeightOf(source, stateHash));
  const onChain = height === null ? null : await chainBlockAt(source, chain, height);
  if (onChain?.stateHash === stateHash) return;
  if (target !== null && (await findTargetRef(target, stateHash)) !== null) return;
  throw new VerificationError(
    `the trusted block ${stateHash} is not on the source's chain up to ${chain.tip.stateHash} at height ` +
      `${chain.tip.height}`,
    { hint: "check the hash; if it is right, the source is not the chain that you trust" },
  );
}

/** Two chains agree up to some height and differ above it, so a binary search finds that height. */
export async function highestCommonHeight(
  heightMax: bigint,
  agreesAt: (height: bigint) => Promise<boolean>,
): Promise<bigint> {
  if (await agreesAt(heightMax)) return heightMax;
  let common = 0n;
  let different = heightMax;
  while (different - common > 1n) {
    const middle = (common + different) / 2n;
    if (await agreesAt(middle)) common = middle;
    else different = middle;
  }
  return common;
}
