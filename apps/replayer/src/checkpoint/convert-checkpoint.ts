// Writes the accounts of a checkpoint or of a genesis configuration in another of the official forms,
// with or without our meta file.

import { type LedgerHash, parseGlobalSlotSinceGenesis, type StateHash } from "@forklift/chain";
import {
  BERKELEY_TREE_RULES,
  encodeAccounts,
  LEGACY_TREE_RULES,
  type Ledger,
} from "@forklift/ledger";
import { UsageError } from "@forklift/pipeline";
import { splitObjectUrl, type WrittenObject } from "@forklift/storage";
import { hashLedger, type Inform } from "../ledger/hash-ledger.ts";
import { checkpointOf, parseCheckpointName } from "./checkpoint.ts";
import { firstKeyOf, warnOfWinner, winnerOf } from "./left-out-winner.ts";
import { readListedLedger, startSlotOf } from "./listed-ledger.ts";
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
  readonly warn: Inform;
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
      hint: "leave --with-meta out, or the other one: a meta file names both ledger hashes of a checkpoint",
    });
  }
  const { ledger, rest, isWinnerLeftOut } = await readListedLedger(from, await winnerOf(options));
  if (isWinnerLeftOut) await warnOfWinner(from, firstKeyOf(ledger), options.warn);
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
  const listed = { hash, accountCount, accounts: encodeAccounts(ledger.accounts()) };
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
      hint: "give the height, state_hash and global_slot_since_genesis of that row of blocks",
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
  const checkpoint = checkpointOf({ height, stateHash, globalSlotSinceGenesis }, ledger);
  return await writeCheckpointAs(place, named.network, checkpoint);
}
