// Computes the range of heights of a migration: the chosen chain of its origin against the target's
// tip.

import { findTargetRef, readTargetTip, type SourceChain } from "@forklift/archive";
import { type BlockRef, least, type StateHash } from "@forklift/chain";
import { ConfigError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";
import type { Origin, OriginContext } from "../origin/origin.ts";
import { originOf } from "../origin/origin-of.ts";
import { requireSameHistory } from "./chosen-branches.ts";

export interface RangeContext
  extends OriginContext,
    Pick<MigratorContext, "stop" | "trustedStateHash" | "history"> {}

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
  const { target, stop, trustedStateHash = null } = context;
  const origin = originOf({ ...context, target: targetHasSchema ? target : null });
  const chain = await chooseChain(origin, context);
  const tip = targetHasSchema && target !== null ? await readTargetTip(target) : null;
  const targetTip = tip && { height: tip.height, stateHash: tip.stateHash };
  const archive = targetTip === null ? null : target;
  if (trustedStateHash !== null) {
    await requireTrusted(trustedStateHash, { origin, chain, target: archive });
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
  const common = await origin.commonHeight(chain, archive, heightMax);
  if (common < heightMax) {
    throw otherChain(archive, { targetTip, tip: chain.tip, common });
  }
  await requireSameHistory(archive, context);
  return { chain, targetTip };
}

/**
 * What a source has above the last pre-fork block is not the history that goes on, canonical or not: the
 * chain ends there.
 * @throws ConfigError when the requested end is above it.
 */
async function chooseChain(
  origin: Origin,
  { stop, network: { name, lastPreForkBlock } }: Pick<RangeContext, "stop" | "network">,
): Promise<SourceChain> {
  const chain = await origin.selectChain(stop);
  if (lastPreForkBlock === null || chain.tip.height <= lastPreForkBlock.height) return chain;
  const { height, stateHash } = lastPreForkBlock;
  if (stop.forkStateHash === null && stop.stopAtHeight === null) {
    return await origin.selectChain({ forkStateHash: stateHash, stopAtHeight: null });
  }
  throw new ConfigError(
    `the stop point ${chain.tip.stateHash} at height ${chain.tip.height} lies above ${stateHash} at height ` +
      `${height}, the last pre-fork block of ${name}`,
    { hint: "leave the stop point out, or name one at or below that block" },
  );
}

interface Trusting {
  readonly origin: Origin;
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
  { origin, chain, target }: Trusting,
): Promise<void> {
  if ((await origin.hasOnChain(chain, stateHash)) !== false) return;
  if (target !== null && (await findTargetRef(target, stateHash)) !== null) return;
  throw new VerificationError(
    `the trusted block ${stateHash} is not on the source's chain up to ${chain.tip.stateHash} at height ` +
      `${chain.tip.height}`,
    { hint: "check the hash; if it is right, the source is not the chain that you trust" },
  );
}

interface Parting {
  readonly targetTip: BlockRef;
  /** Of the chosen chain. */
  readonly tip: BlockRef;
  /** The last height at which both have one block. */
  readonly common: bigint;
}

/** The refusal of a target whose chain is another one. */
export function otherChain(target: Session, { targetTip, tip, common }: Parting): ConfigError {
  return new ConfigError(
    `the target ${target.maskedUrl} (tip ${targetTip.stateHash}, height ${targetTip.height}) is not on ` +
      `the chain that ends in ${tip.stateHash}: they part after height ${common}`,
    { hint: "start again from an empty target, or name the right stop point" },
  );
}
