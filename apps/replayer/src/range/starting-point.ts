// Finds the ledger that a replay starts from: the nearest checkpoint at or below the height where
// the target's account tables end, brought up to it by their rows; else those rows alone.

import { countBlocksWithCommands, type TargetBlock } from "@forklift/archive";
import { Ledger } from "@forklift/ledger";
import { SourceDataError } from "@forklift/pipeline";
import { splitObjectUrl } from "@forklift/storage";
import { parseCheckpointName } from "../checkpoint/checkpoint.ts";
import { readCheckpoint } from "../checkpoint/read-checkpoint.ts";
import { type CheckpointLocation, readMetaHead } from "../checkpoint/read-meta.ts";
import type { ReplayerContext } from "../context.ts";
import { advanceLedger, rebuildLedger } from "../ledger/rebuild-ledger.ts";

const GENESIS_HEIGHT = 1n;

/** What a ledger is found with. */
export type StartContext = Pick<
  ReplayerContext,
  "target" | "network" | "genesisLedger" | "checkpointUrl" | "checkpoints" | "warn" | "inform"
>;

interface LedgerAt {
  readonly ledger: Ledger;
  readonly height: bigint;
}

/**
 * The ledger as it stands after `replayed`, the last block whose accounts the target holds.
 * @throws SourceDataError when the checkpoint that the caller named does not belong to the target,
 * VerificationError when the target's accounts do not hash to what its blocks say.
 */
export async function ledgerAfter(context: StartContext, replayed: TargetBlock): Promise<Ledger> {
  const start = await startFromCheckpoint(context, replayed);
  if (start === null) return await ledgerOfRows(context, replayed);
  const { ledger, height } = start;
  if (height < replayed.height)
    await advanceLedger(context, ledger, { from: height, to: replayed });
  return ledger;
}

/** The same without any checkpoint. */
export async function ledgerOfRows(context: StartContext, replayed: TargetBlock): Promise<Ledger> {
  return startFromGenesis(context, replayed)?.ledger ?? (await rebuildLedger(context, replayed));
}

async function startFromCheckpoint(
  context: StartContext,
  replayed: TargetBlock,
): Promise<LedgerAt | null> {
  if (context.checkpointUrl !== null) {
    const place = splitObjectUrl(context.checkpointUrl);
    const named = await readCheckpoint(context.target, context.network, place, context.inform);
    await requireRecorded(context, named.height, replayed);
    const newer = await newestStored(context, { above: named.height, upTo: replayed });
    return newer ?? named;
  }
  return await newestStored(context, { above: GENESIS_HEIGHT, upTo: replayed });
}

/** A checkpoint above the recorded accounts would leave the blocks between without rows. */
async function requireRecorded(
  { target, checkpointUrl }: StartContext,
  height: bigint,
  replayed: TargetBlock,
): Promise<void> {
  if (height <= replayed.height) return;
  const missing = await countBlocksWithCommands(target, { above: replayed.height, upTo: height });
  if (missing === 0n) return;
  throw new SourceDataError(
    `checkpoint ${checkpointUrl} stands at height ${height}, but the accounts of ${target.maskedUrl} are ` +
      `recorded up to height ${replayed.height} only`,
    { hint: "give the checkpoint that was published with this database, or an older one" },
  );
}

/** A truncated or foreign file in the store is named and skipped: an older one is as good. */
async function newestStored(
  context: StartContext,
  { above, upTo }: { readonly above: bigint; readonly upTo: TargetBlock },
): Promise<LedgerAt | null> {
  const { checkpoints: store, network, target, inform } = context;
  const startSlotMax = upTo.globalSlotSinceGenesis + 1n;
  const stored = await storedCheckpoints(context);
  const candidates = stored.filter(({ startSlot }) => startSlot <= startSlotMax);
  candidates.sort((a, b) => (a.startSlot < b.startSlot ? 1 : -1));
  for (const { name } of candidates) {
    const place = { store, name };
    try {
      if (await isAtOrBelow(place, above)) return null;
      const checkpoint = await readCheckpoint(target, network, place, inform);
      return checkpoint.height > above ? checkpoint : null;
    } catch (error) {
      if (!(error instanceof SourceDataError)) throw error;
      context.warn(`passed over: ${error.message}`);
    }
  }
  return null;
}

/** By the slot after the block that each stands on, as its name says. */
export async function storedCheckpoints({
  checkpoints: store,
  network,
}: Pick<StartContext, "checkpoints" | "network">): Promise<{ name: string; startSlot: bigint }[]> {
  const stored: { name: string; startSlot: bigint }[] = [];
  for await (const { name } of store.list(`${network.name}-checkpoint-`)) {
    const parsed = parseCheckpointName(name);
    if (parsed?.network === network.name) stored.push({ name, startSlot: parsed.startSlot });
  }
  return stored;
}

/** Told by its meta file, without loading the checkpoint only to put it away. */
async function isAtOrBelow(place: CheckpointLocation, height: bigint): Promise<boolean> {
  const meta = await readMetaHead(place);
  return meta !== null && meta.height <= height;
}

/** The genesis ledger, whose hashes are known, when nothing has been replayed yet. */
function startFromGenesis({ genesisLedger }: StartContext, replayed: TargetBlock): LedgerAt | null {
  if (genesisLedger === null || replayed.height !== GENESIS_HEIGHT) return null;
  const { accounts, leafHashes } = genesisLedger;
  return { ledger: Ledger.fromLeafHashes(accounts, leafHashes), height: GENESIS_HEIGHT };
}
