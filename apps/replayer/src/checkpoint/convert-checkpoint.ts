// Writes the accounts of a checkpoint or of a genesis configuration in another of the official forms,
// with or without our meta file.

import { type LedgerHash, parseGlobalSlotSinceGenesis, type StateHash } from "@forklift/chain";
import { BERKELEY_TREE_RULES, LEGACY_TREE_RULES, type Ledger } from "@forklift/ledger";
import { loadNetwork } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import { splitObjectUrl, type WrittenObject } from "@forklift/storage";
import { hashLedger, type Inform } from "../hash-ledger.ts";
import { checkpointOf, parseCheckpointName } from "./checkpoint.ts";
import { readListedLedger } from "./listed-ledger.ts";
import { checkpointChunks, configurationChunks, writeCheckpointAs } from "./write-checkpoint.ts";

export interface ConvertOptions {
  readonly ledgerOnly?: true;
  readonly withMeta?: true;
  readonly withoutHash?: true;
  readonly network?: string;
  readonly startSlot?: bigint;
  readonly height?: bigint;
  readonly stateHash?: StateHash;
  readonly inform: Inform;
}

export interface Converted {
  readonly accounts: number;
  readonly berkeleyLedgerHash: LedgerHash | null;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
}

/** @throws UsageError when the options do not say what is not in the file. */
export async function convertCheckpoint(
  from: string,
  to: string,
  options: ConvertOptions,
): Promise<Converted> {
  const { ledgerOnly, withMeta, withoutHash, inform } = options;
  if (withMeta === true && (ledgerOnly === true || withoutHash === true)) {
    throw new UsageError("--with-meta goes with neither --ledger-only nor --without-hash", {
      hint: "a meta file belongs to a checkpoint and names both ledger hashes",
    });
  }
  const { network } = options;
  const winner = network === undefined ? null : (await loadNetwork(network)).genesis.winner;
  const { ledger, rest } = await readListedLedger(from, winner);
  if (withoutHash !== true) {
    await hashLedger(ledger, BERKELEY_TREE_RULES, {
      what: "the accounts as Berkeley does",
      inform,
    });
  }
  const hash = withoutHash === true ? null : ledger.berkeleyLedgerHash();
  const { accountCount } = ledger;
  const converted = (...files: WrittenObject[]): Converted => ({
    accounts: accountCount,
    berkeleyLedgerHash: hash,
    files: files.map(({ name, bytes }) => ({ name, bytes: Number(bytes) })),
  });
  const place = splitObjectUrl(to);
  const listed = { hash, accountCount, accounts: ledger.accounts() };
  if (ledgerOnly === true) {
    return converted(await place.store.write(place.name, configurationChunks(listed)));
  }
  const startSlot = options.startSlot ?? startSlotOf(rest);
  if (withMeta !== true) {
    return converted(await place.store.write(place.name, checkpointChunks(startSlot, listed)));
  }
  const { checkpoint, meta } = await writeWithMeta(ledger, { place, startSlot, options });
  return converted(checkpoint, meta);
}

async function writeWithMeta(
  ledger: Ledger,
  {
    place,
    startSlot,
    options: { height, stateHash, inform },
  }: {
    readonly place: ReturnType<typeof splitObjectUrl>;
    readonly startSlot: bigint;
    readonly options: ConvertOptions;
  },
) {
  const named = parseCheckpointName(place.name);
  if (height === undefined || stateHash === undefined || startSlot === 0n) {
    throw new UsageError("--with-meta takes the block: --height, --state-hash and its slot", {
      hint: "they stand in the database that the checkpoint belongs to",
    });
  }
  if (named?.startSlot !== startSlot) {
    throw new UsageError(
      `${place.name} is no name of a checkpoint that starts at slot ${startSlot}`,
      { hint: `call it {network}-checkpoint-${startSlot}.json` },
    );
  }
  await hashLedger(ledger, LEGACY_TREE_RULES, { what: "the accounts", inform });
  const globalSlotSinceGenesis = parseGlobalSlotSinceGenesis(`${startSlot - 1n}`);
  const checkpoint = await checkpointOf({ height, stateHash, globalSlotSinceGenesis }, ledger);
  return await writeCheckpointAs(place, named.network, checkpoint);
}

/** 0, the official default, for a file that is no checkpoint. */
function startSlotOf(rest: Readonly<Record<string, unknown>>): bigint {
  return parseGlobalSlotSinceGenesis(String(rest["start_slot_since_genesis"] ?? 0));
}
