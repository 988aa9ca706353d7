// Finds the ledger to start from: the nearest checkpoint at or below the place where the target's
// account tables end, else genesis; then replays, without writing, up to that place.

import { readReplayBlocks } from "@forklift/archive";
import { least } from "@forklift/chain";
import { Ledger } from "@forklift/ledger";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { splitObjectUrl } from "@forklift/storage";
import { startSlotOf } from "./checkpoint/checkpoint.ts";
import { readCheckpoint } from "./checkpoint/read-checkpoint.ts";
import { replayBlock } from "./replay-block.ts";
import { countBlocksWithCommands, type TargetBlock } from "./target-blocks.ts";
import type { ReplayerWorld } from "./world.ts";

const GENESIS_HEIGHT = 1n;

/** Bounds the commands that are in memory at once. */
const CATCH_UP_BLOCKS = 200n;

interface LedgerAt {
  readonly ledger: Ledger;
  readonly height: bigint;
}

/**
 * The ledger as it stands after `replayed`, the last block whose accounts the target holds.
 * @throws SourceDataError when the checkpoint that the caller named does not belong to the target.
 */
export async function ledgerAfter(world: ReplayerWorld, replayed: TargetBlock): Promise<Ledger> {
  const start = (await startFromCheckpoint(world, replayed)) ?? startFromGenesis(world);
  const { ledger } = start;
  for (let from = start.height + 1n; from <= replayed.height; from += CATCH_UP_BLOCKS) {
    const to = least(from + CATCH_UP_BLOCKS - 1n, replayed.height);
    for (const block of await readReplayBlocks(world.target, { from, to })) {
      replayBlock(ledger, block, world.network);
    }
  }
  return ledger;
}

async function startFromCheckpoint(
  world: ReplayerWorld,
  replayed: TargetBlock,
): Promise<LedgerAt | null> {
  if (world.checkpointUrl !== null) {
    const place = splitObjectUrl(world.checkpointUrl);
    const named = await readCheckpoint(world.target, world.network, place);
    await requireRecorded(world, named.height, replayed);
    const newer = await newestStored(world, { above: named.height, upTo: replayed });
    return newer ?? named;
  }
  return await newestStored(world, { above: GENESIS_HEIGHT, upTo: replayed });
}

/** A checkpoint above the recorded accounts would leave the blocks between without rows. */
async function requireRecorded(
  { target, checkpointUrl }: ReplayerWorld,
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

/** A torn or foreign file in the store is named and passed over: an older one is as good. */
async function newestStored(
  world: ReplayerWorld,
  { above, upTo }: { readonly above: bigint; readonly upTo: TargetBlock },
): Promise<LedgerAt | null> {
  const { checkpoints: store, network, target } = world;
  const startSlotMax = upTo.globalSlotSinceGenesis + 1n;
  const candidates: { name: string; startSlot: bigint }[] = [];
  for await (const { name } of store.list(`${network.name}-checkpoint-`)) {
    const startSlot = startSlotOf(network.name, name);
    if (startSlot !== null && startSlot <= startSlotMax) candidates.push({ name, startSlot });
  }
  candidates.sort((a, b) => (a.startSlot < b.startSlot ? 1 : -1));
  for (const { name } of candidates) {
    try {
      const checkpoint = await readCheckpoint(target, network, { store, name });
      return checkpoint.height > above ? checkpoint : null;
    } catch (error) {
      if (!(error instanceof SourceDataError)) throw error;
      world.warn(`passed over: ${error.message}`);
    }
  }
  return null;
}

function startFromGenesis({ genesisLedger, target }: ReplayerWorld): LedgerAt {
  if (genesisLedger === null) {
    throw new ConfigError(`nothing to start the replay of ${target.maskedUrl} from`, {
      hint: "give --genesis-ledger or --checkpoint",
    });
  }
  const { accounts, leafHashes } = genesisLedger;
  return { ledger: Ledger.fromLeafHashes(accounts, leafHashes), height: GENESIS_HEIGHT };
}
