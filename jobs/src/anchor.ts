// The anchor: the one state hash that is trusted, and who vouches for it. Everything that a run
// establishes is established downwards from it.

import { findTargetBlock, readTargetTip, targetBlockAt } from "@forklift/archive";
import type { BlockRef, StateHash } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { VerificationError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Anchor } from "@forklift/verifier";

/**
 * The operator's hash, else the preset's last pre-fork block once the chain reaches it, else the tip
 * that the source gave.
 * @throws VerificationError when the trusted block is not on the migrated chain.
 */
export async function chooseAnchor(
  target: Session,
  { lastPreForkBlock }: Pick<Network, "lastPreForkBlock">,
  trusted: StateHash | null,
): Promise<Anchor> {
  if (trusted !== null) {
    return { ...(await requireOnChain(target, trusted)), vouchedBy: "operator" };
  }
  const tip = (await readTargetTip(target))!;
  if (lastPreForkBlock === null || tip.height < lastPreForkBlock.height) {
    return { ...tip, vouchedBy: "source" };
  }
  const found = await targetBlockAt(target, lastPreForkBlock.height);
  if (found?.stateHash === lastPreForkBlock.stateHash) return { ...found, vouchedBy: "preset" };
  throw new VerificationError(
    `the migrated chain has ${found?.stateHash ?? "no block"} at height ` +
      `${lastPreForkBlock.height}, the network agreed on ${lastPreForkBlock.stateHash}`,
    { hint: "this is not the chain that the network forked from" },
  );
}

async function requireOnChain(target: Session, stateHash: StateHash): Promise<BlockRef> {
  const block = await findTargetBlock(target, stateHash);
  if (block !== null) return block;
  throw new VerificationError(`the trusted block ${stateHash} is not on the migrated chain`, {
    hint: "check the hash; if it is right, the source is not the chain that you trust",
  });
}
