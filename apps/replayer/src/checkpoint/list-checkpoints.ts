// Lists the checkpoints of a store by their names and meta files, without loading them.

import { createHash } from "node:crypto";
import { jsonNumber } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { openStore, type StoredObject } from "@forklift/storage";
import { type CheckpointName, parseCheckpointName } from "./checkpoint.ts";
import type { CheckpointMeta } from "./checkpoint-meta.ts";
import { type CheckpointLocation, readMetaHead } from "./read-meta.ts";

/**
 * Whether the meta file is that of the checkpoint. `by size` is a file of the right size that nobody
 * has read; `none` is an official checkpoint.
 */
export type MetaState = "fits" | "by size" | "other file" | "torn" | "none";

/** As plain data: `--json` prints exactly this. What only a meta file knows is null without one. */
export interface ListedCheckpoint {
  readonly name: string;
  readonly network: string;
  readonly startSlot: number;
  readonly height: number | null;
  readonly stateHash: string | null;
  readonly accounts: number | null;
  readonly ledgerHash: string | null;
  readonly berkeleyLedgerHash: string | null;
  readonly bytes: number;
  readonly meta: MetaState;
}

/** By network, then by slot. @param reads whole files, to compare their digests. */
export async function listCheckpoints(
  url: string,
  { reads }: { readonly reads: boolean },
): Promise<ListedCheckpoint[]> {
  const store = openStore(url);
  const found: (StoredObject & CheckpointName)[] = [];
  for await (const object of store.list()) {
    const parsed = parseCheckpointName(object.name);
    if (parsed !== null) found.push({ ...object, ...parsed });
  }
  found.sort(
    (a, b) => a.network.localeCompare(b.network) || Number(a.startSlot) - Number(b.startSlot),
  );
  const listed: ListedCheckpoint[] = [];
  for (const { name, bytes, network, startSlot } of found) {
    const place = { store, name };
    const meta = await metaOrTorn(place);
    const known = meta === "torn" ? null : meta;
    listed.push({
      name,
      network,
      startSlot: jsonNumber(startSlot),
      height: known && jsonNumber(known.height),
      stateHash: known?.stateHash ?? null,
      accounts: known?.accountCount ?? null,
      ledgerHash: known?.ledgerHash ?? null,
      berkeleyLedgerHash: known?.berkeleyLedgerHash ?? null,
      bytes: Number(bytes),
      meta: await stateOf(place, meta, { bytes, reads }),
    });
  }
  return listed;
}

async function metaOrTorn(place: CheckpointLocation): Promise<CheckpointMeta | "torn" | null> {
  try {
    return await readMetaHead(place);
  } catch (error) {
    if (error instanceof SourceDataError) return "torn";
    throw error;
  }
}

async function stateOf(
  place: CheckpointLocation,
  meta: CheckpointMeta | "torn" | null,
  { bytes, reads }: { readonly bytes: bigint; readonly reads: boolean },
): Promise<MetaState> {
  if (meta === null) return "none";
  if (meta === "torn") return "torn";
  if (meta.checkpointBytes !== bytes) return "other file";
  if (!reads) return "by size";
  return (await sha256Of(place)) === meta.checkpointSha256 ? "fits" : "other file";
}

async function sha256Of({ store, name }: CheckpointLocation): Promise<string | null> {
  const body = await store.open(name);
  if (body === null) return null;
  const hash = createHash("sha256");
  for await (const chunk of body.stream) hash.update(chunk);
  return hash.digest("hex");
}
