// The anchor: the one state hash that is trusted, and by whom. Everything that a run
// establishes is established downwards from it.

import {
  canonicalOrHighest,
  findAnyBlock,
  findPendingEnd,
  isOurs,
  type StopPoint,
  targetRefAt,
} from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { ConfigError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Anchor, readTip } from "@forklift/verifier";

const GENESIS_HEIGHT = 1n;

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
  if (lastPreForkBlock === null || !(await reaches(target, lastPreForkBlock))) {
    if (stop.forkStateHash === null) return null;
    return await vouchedByOperator(target, stop.forkStateHash);
  }
  // By its hash: an archive that others have made may have several blocks at its height.
  const found =
    (await findAnyBlock(target, lastPreForkBlock.stateHash)) ??
    (await targetRefAt(target, lastPreForkBlock.height));
  if (found?.height === lastPreForkBlock.height && found.stateHash === lastPreForkBlock.stateHash)
    return { height: found.height, stateHash: found.stateHash, vouchedBy: "preset" };
  throw new VerificationError(
    `the migrated chain has ${found?.stateHash ?? "no block"} at height ` +
      `${lastPreForkBlock.height}, the network agreed on ${lastPreForkBlock.stateHash}`,
    {
      hint: "give the dump of an archive on the chain that the network forked from, and migrate anew",
    },
  );
}

/**
 * The target's tip when the source calls it canonical, be it pending in an archive that others have made; else
 * the source's highest canonical block. That it stands on the migrated chain is for the verification to say, as is
 * whether the source has the tip.
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
  const end = (await isOurs(target)) ? null : await findPendingEnd(target);
  if (end !== null) {
    const anchor = await canonicalOrHighest(source, end);
    if (anchor.stateHash === end) return { ...anchor, vouchedBy: "source" };
  }
  return { ...(await canonicalOrHighest(source, tip.stateHash)), vouchedBy: "source" };
}

/**
 * Of a run that nobody names an anchor for: the source's; without an archive the genesis block, since nobody but the
 * preset says of any block that the network agreed on it.
 */
export async function unnamedAnchor({
  target,
  source,
  network: { genesis },
}: Pick<AnchorContext, "target" | "source"> & {
  readonly network: Pick<Network, "genesis">;
}): Promise<Anchor> {
  if (source !== null) return await sourceAnchor({ target, source });
  return { height: GENESIS_HEIGHT, stateHash: genesis.stateHash, vouchedBy: "preset" };
}

/**
 * Whether the chain goes up to that block. A pending one ends the chain of an archive that others have made; in a
 * target of ours it stands beside the chain, or the chain is yet to come to it.
 */
async function reaches(target: Session, { height, stateHash }: BlockRef): Promise<boolean> {
  const tip = await readTip({ target, proven: null });
  if (tip.height >= height) return true;
  return (await findAnyBlock(target, stateHash)) !== null && !(await isOurs(target));
}

async function vouchedByOperator(target: Session, stateHash: StateHash): Promise<Anchor> {
  return { ...(await requireOnChain(target, stateHash)), vouchedBy: "operator" };
}

async function requireOnChain(target: Session, stateHash: StateHash): Promise<BlockRef> {
  const block = await findAnyBlock(target, stateHash);
  if (block !== null) return { height: block.height, stateHash: block.stateHash };
  throw new VerificationError(`the trusted block ${stateHash} is not on the migrated chain`, {
    hint: "check the hash; if it is right, the source is not the chain that you trust",
  });
}
