// The anchor: the one state hash that is trusted, and who vouches for it. Everything that a run
// establishes is established downwards from it.

import { findTargetBlock, type StopPoint, targetBlockAt } from "@forklift/archive";
import { type BlockRef, parseStateHash, type StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { ConfigError, SourceDataError, VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type Anchor, readTip } from "@forklift/verifier";

export interface AnchorWorld {
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
}: Omit<AnchorWorld, "source">): Promise<Anchor | null> {
  if (trustedStateHash !== null) return await vouchedByOperator(target, trustedStateHash);
  const tip = await readTip({ target, proven: null });
  if (lastPreForkBlock === null || tip.height < lastPreForkBlock.height) {
    if (stop.forkStateHash === null) return null;
    return await vouchedByOperator(target, stop.forkStateHash);
  }
  const found = await targetBlockAt(target, lastPreForkBlock.height);
  if (found?.stateHash === lastPreForkBlock.stateHash) return { ...found, vouchedBy: "preset" };
  throw new VerificationError(
    `the migrated chain has ${found?.stateHash ?? "no block"} at height ` +
      `${lastPreForkBlock.height}, the network agreed on ${lastPreForkBlock.stateHash}`,
    { hint: "this is not the chain that the network forked from" },
  );
}

/**
 * The target's tip when the source calls it canonical, else the source's highest canonical block. That
 * it stands on the migrated chain is for the verification to say, as is whether the source has the tip.
 * @throws ConfigError when there is no source: the target cannot vouch for itself.
 */
export async function sourceAnchor({
  target,
  source,
}: Pick<AnchorWorld, "target" | "source">): Promise<Anchor> {
  if (source === null) {
    throw new ConfigError("nobody vouches for the tip of a target that is verified by itself", {
      hint: "give --trusted-state-hash, a block of the chain that you trust, or --source-db",
    });
  }
  const tip = await readTip({ target, proven: null });
  const [row] = await source.query<{ height: string; state_hash: string }>(
    `select height, state_hash from blocks where chain_status = 'canonical'
     order by state_hash = $1 desc, height desc limit 1`,
    [tip.stateHash],
  );
  if (row !== undefined) {
    const stateHash = parseStateHash(row.state_hash);
    return { height: BigInt(row.height), stateHash, vouchedBy: "source" };
  }
  throw new SourceDataError(`the source ${source.maskedUrl} has no canonical block`, {
    hint: "the archive is empty or its chain status was never set; check how it was made",
  });
}

async function vouchedByOperator(target: Session, stateHash: StateHash): Promise<Anchor> {
  return { ...(await requireOnChain(target, stateHash)), vouchedBy: "operator" };
}

async function requireOnChain(target: Session, stateHash: StateHash): Promise<BlockRef> {
  const block = await findTargetBlock(target, stateHash);
  if (block !== null) return block;
  throw new VerificationError(`the trusted block ${stateHash} is not on the migrated chain`, {
    hint: "check the hash; if it is right, the source is not the chain that you trust",
  });
}
