// The anchor: the one state hash that is trusted, and by whom. Everything that a run
// establishes is established downwards from it.

import { canonicalOrHighest, findTargetRef, type StopPoint, targetRefAt } from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { ConfigError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Anchor, readTip } from "@forklift/verifier";

export interface AnchorContext {
  readonly target: Session;
  /** Null when the target is verified without it. */
  readonly source: Session | null;
  readonly network: Pick<Network, "lastPreForkBlock">;
  readonly trustedStateHash: StateHash | null;
  readonly stop: StopPoint;
}

/**
 * The operator's hash, else the preset's last pre-fork block once the chain reaches it, else the block
 * that the operator said to stop at; null leaves it to the source.
 * @throws VerificationError when the trusted block is not on the migrated chain.
 */
export async function namedAnchor({
  target,
  network: { lastPreForkBlock },
  trustedStateHash,
  stop,
}: Omit<AnchorContext, "source">): Promise<Anchor | null> {
  if (trustedStateHash !== null) return await vouchedByOperator(target, trustedStateHash);
  const tip = await readTip({ target, proven: null });
  if (lastPreForkBlock === null || tip.height < lastPreForkBlock.height) {
    if (stop.forkStateHash === null) return null;
    return await vouchedByOperator(target, stop.forkStateHash);
  }
  // By its hash: an archive that others have made may have several blocks at its height.
  const found =
    (await findTargetRef(target, lastPreForkBlock.stateHash)) ??
    (await targetRefAt(target, lastPreForkBlock.height));
  if (found?.height === lastPreForkBlock.height && found.stateHash === lastPreForkBlock.stateHash)
    return { ...found, vouchedBy: "preset" };
  throw new VerificationError(
    `the migrated chain has ${found?.stateHash ?? "no block"} at height ` +
      `${lastPreForkBlock.height}, the network agreed on ${lastPreForkBlock.stateHash}`,
    {
      hint: "give the dump of an archive on the chain that the network forked from, and migrate anew",
    },
  );
}

/**
 * The target's tip when the source calls it canonical, else the source's highest canonical block. That
 * it stands on the migrated chain is for the verification to say, as is whether the source has the tip.
 * @throws ConfigError when there is no source: no target is its own anchor. SourceDataError when the
 * source has no canonical block.
 */
export async function sourceAnchor({
  target,
  source,
}: Pick<AnchorContext, "target" | "source">): Promise<Anchor> {
  if (source === null) {
    throw new ConfigError("no block is trusted: the target is verified without a source", {
      hint: "give --trusted-state-hash, a block of the chain that you trust, or --source-db",
    });
  }
  const tip = await readTip({ target, proven: null });
  return { ...(await canonicalOrHighest(source, tip.stateHash)), vouchedBy: "source" };
}

async function vouchedByOperator(target: Session, stateHash: StateHash): Promise<Anchor> {
  return { ...(await requireOnChain(target, stateHash)), vouchedBy: "operator" };
}

async function requireOnChain(target: Session, stateHash: StateHash): Promise<BlockRef> {
  const block = await findTargetRef(target, stateHash);
  if (block !== null) return block;
  throw new VerificationError(`the trusted block ${stateHash} is not on the migrated chain`, {
    hint: "check the hash; if it is right, the source is not the chain that you trust",
  });
}
