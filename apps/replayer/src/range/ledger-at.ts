// Finds the ledger of a block far below where the replay has come: from the checkpoint that is nearest to it, be
// that below or above, brought there by the rows of the accounts' tables.

import type { TargetBlock } from "@forklift/archive";
import { SourceDataError } from "@forklift/pipeline";
import { splitObjectUrl } from "@forklift/storage";
import { parseCheckpointName } from "../checkpoint/checkpoint.ts";
import { type FittingCheckpoint, readCheckpoint } from "../checkpoint/read-checkpoint.ts";
import type { CheckpointLocation } from "../checkpoint/read-meta.ts";
import { advanceLedger, takeLedgerBack } from "../ledger/rebuild-ledger.ts";
import { ledgerOfRows, type StartContext, storedCheckpoints } from "./starting-point.ts";

type Ledger = FittingCheckpoint["ledger"];

interface Candidate {
  readonly place: CheckpointLocation;
  /** Slots between the block and what the checkpoint stands on. */
  readonly distance: bigint;
}

/**
 * A nightly run has the checkpoint of the night before, and an orphan that came since may begin some blocks below
 * it: reading the whole ledger back from the rows would take minutes of that.
 * @param upTo the highest block that has been replayed; a checkpoint above it is of no use.
 * @throws VerificationError when the target's accounts do not hash to what its blocks say.
 */
export async function ledgerAt(
  context: StartContext,
  block: TargetBlock,
  upTo: TargetBlock,
): Promise<Ledger> {
  for (const { place } of await candidatesFor(context, block, upTo)) {
    const checkpoint = await tryRead(context, place);
    if (checkpoint === null || checkpoint.height > upTo.height) continue;
    const { ledger, height: from } = checkpoint;
    if (from < block.height) await advanceLedger(context, ledger, { from, to: block });
    if (from > block.height) await takeLedgerBack(context, ledger, { from, to: block });
    return ledger;
  }
  return await ledgerOfRows(context, block);
}

/** The nearest first; those that are farther away than genesis are none. */
async function candidatesFor(
  context: StartContext,
  { globalSlotSinceGenesis: slot }: TargetBlock,
  upTo: TargetBlock,
): Promise<Candidate[]> {
  const { checkpoints: store, checkpointUrl } = context;
  const stored = await storedCheckpoints(context);
  const places = stored.map(({ name, startSlot }) => ({ place: { store, name }, startSlot }));
  if (checkpointUrl !== null) {
    const place = splitObjectUrl(checkpointUrl);
    const startSlot = parseCheckpointName(place.name)?.startSlot;
    if (startSlot !== undefined) places.push({ place, startSlot });
  }
  return places
    .filter(({ startSlot }) => startSlot <= upTo.globalSlotSinceGenesis + 1n)
    .map(({ place, startSlot }) => ({ place, distance: distanceOf(startSlot, slot + 1n) }))
    .filter(({ distance }) => distance < slot)
    .sort((a, b) => (a.distance < b.distance ? -1 : a.distance > b.distance ? 1 : 0));
}

function distanceOf(one: bigint, other: bigint): bigint {
  return one < other ? other - one : one - other;
}

/** A truncated or foreign file is named and passed over: another one is as good, and so are the rows. */
async function tryRead(
  { target, network, inform, warn }: StartContext,
  place: CheckpointLocation,
): Promise<FittingCheckpoint | null> {
  try {
    return await readCheckpoint(target, network, place, inform);
  } catch (error) {
    if (!(error instanceof SourceDataError)) throw error;
    warn(`passed over: ${error.message}`);
    return null;
  }
}
