// Gathers what a manifest tells of a set.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  jsonNumber,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  type StateHash,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { checkpointName, readMetaHead } from "@forklift/replayer";
import type { JobWorld } from "../job-world.ts";
import type { ReportDocument } from "../verification-report.ts";
import { forkliftVersion } from "../version.ts";
import { MANIFEST_VERSION, type Manifest, type SetFile } from "./manifest.ts";

/** The block that a set ends in. */
export interface PublishedTip extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  readonly ledgerHash: LedgerHash;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

export async function readPublishedTip(target: Session): Promise<PublishedTip> {
  const [row] = await target.query<{
    height: string;
    state_hash: StateHash;
    slot: string;
    ledger_hash: LedgerHash;
    timestamp: string;
  }>(
    `select height, state_hash, global_slot_since_genesis as slot, ledger_hash, "timestamp"
     from blocks order by height desc limit 1`,
  );
  return {
    height: BigInt(row!.height),
    stateHash: row!.state_hash,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row!.slot),
    ledgerHash: row!.ledger_hash,
    timestamp: BigInt(row!.timestamp),
  };
}

export async function composeManifest(
  world: JobWorld,
  tip: PublishedTip,
  files: readonly SetFile[],
  report: ReportDocument,
): Promise<Manifest> {
  const { network, source, sourceDump, job, date, durations } = world;
  return {
    version: MANIFEST_VERSION,
    network: network.name,
    created: date().toISOString(),
    forkliftVersion: forkliftVersion(),
    anchor: report.anchor,
    height: jsonNumber(tip.height),
    stateHash: tip.stateHash,
    globalSlotSinceGenesis: jsonNumber(tip.globalSlotSinceGenesis),
    preForkLedgerHash: tip.ledgerHash,
    berkeleyLedgerHash: await readBerkeleyLedgerHash(world, tip),
    final: job === "final",
    source: {
      name: sourceDump?.name ?? source.maskedUrl,
      tip: await readSourceTip(source),
    },
    files: [...files],
    digests: report.digests,
    rowCounts: report.rowCounts,
    verification: {
      ok: true,
      checks: report.checks.map(({ id, compared }) => ({ id, compared })),
    },
    exceptions: await usedExceptions(world),
    durations: Object.fromEntries(durations),
  };
}

/** As the replay computed it for the checkpoint that the set holds. */
async function readBerkeleyLedgerHash(
  { checkpoints, network }: JobWorld,
  { stateHash, globalSlotSinceGenesis }: PublishedTip,
): Promise<LedgerHash> {
  const name = checkpointName(network.name, globalSlotSinceGenesis);
  const meta = await readMetaHead({ store: checkpoints, name });
  if (meta?.stateHash === stateHash) return meta.berkeleyLedgerHash;
  throw new SourceDataError(
    `${checkpoints.url}/${name} stands on ${meta?.stateHash ?? "no block"}, expected ${stateHash}`,
  );
}

async function readSourceTip(source: Session) {
  const [row] = await source.query<{ height: string; state_hash: string }>(
    `select height, state_hash from blocks where chain_status <> 'orphaned'
     order by height desc, state_hash limit 1`,
  );
  return { height: jsonNumber(BigInt(row!.height)), stateHash: row!.state_hash };
}

async function usedExceptions({ target, network }: JobWorld): Promise<string[]> {
  const rows = await target.query<{ state_hash: string }>(
    "select state_hash from blocks where state_hash = any($1) order by height",
    [[...network.ledgerHashExceptions.keys()]],
  );
  return rows.map(({ state_hash }) => state_hash);
}
