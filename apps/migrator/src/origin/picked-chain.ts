// The chain that the walk along the block files has picked, as the target keeps it until it is copied.

import {
  hasPickedChain,
  highestPicked,
  lowestPicked,
  pickedBlockAt,
  removePickedChain,
  removeProgressMark,
} from "@forklift/archive";
import type { BlockRef } from "@forklift/chain";
import type { Network } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { PickRange } from "@forklift/precomputed";

/** The stage that picks it. */
export const PICK_STAGE = "pick-chain";

/** Above this height blocks are picked: the genesis block is the network's. */
const GENESIS_HEIGHT = 1n;

/** The blocks to pick: from the tip down to right above a block of the target, or above genesis. */
export interface Picking {
  readonly tip: BlockRef;
  readonly above: BlockRef | null;
}

export function firstHeight({ above }: Picking): bigint {
  return (above?.height ?? GENESIS_HEIGHT) + 1n;
}

export function rangeToPick(
  { name, genesis }: Pick<Network, "name" | "genesis">,
  { tip, above }: Picking,
): PickRange {
  const { stateHash } = genesis;
  return { tip, downTo: above, genesis: { height: GENESIS_HEIGHT, stateHash }, network: name };
}

/** What the target keeps: all of those blocks, none or only the upper ones, or the blocks of another chain. */
export interface PickedPart {
  readonly is: "whole" | "begun" | "other";
  /** Null where it keeps no block. */
  readonly highest: BlockRef | null;
  readonly lowest: BlockRef | null;
}

export async function pickedPart(target: Session, picking: Picking): Promise<PickedPart> {
  const hasAny = await hasPickedChain(target);
  const highest = hasAny ? await highestPicked(target) : null;
  const lowest = hasAny ? await lowestPicked(target) : null;
  return { is: await partOf(target, picking, { highest, lowest }), highest, lowest };
}

async function partOf(
  target: Session,
  picking: Picking,
  { highest, lowest }: Omit<PickedPart, "is">,
): Promise<PickedPart["is"]> {
  const { tip, above } = picking;
  const first = firstHeight(picking);
  if (highest === null || lowest === null) return tip.height < first ? "whole" : "begun";
  if (highest.stateHash !== tip.stateHash) return "other";
  if (lowest.height > first) return "begun";
  if (lowest.height === first || above === null) return "whole";
  // The copy has come up to here before it was interrupted.
  const held = await pickedBlockAt(target, above.height);
  return held?.stateHash === above.stateHash ? "whole" : "other";
}

/** @throws ConfigError when the target does not keep all of them. */
export async function requirePicked(target: Session, picking: Picking): Promise<void> {
  const { is, highest, lowest } = await pickedPart(target, picking);
  if (is === "whole") return;
  const { tip } = picking;
  const found =
    highest === null || lowest === null
      ? "none of it"
      : `that to ${highest.stateHash} down to height ${lowest.height}`;
  throw new ConfigError(
    `the chain to ${tip.stateHash} at height ${tip.height} is not picked down to height ` +
      `${firstHeight(picking)}: the target ${target.maskedUrl} keeps ${found}`,
    { hint: "run forklift migrate --from-blocks, which picks the chain first" },
  );
}

/** With the mark of its stage; the caller owns the transaction. */
export async function dropPicked(tx: Session): Promise<void> {
  await removePickedChain(tx);
  await removeProgressMark(tx, PICK_STAGE);
}
