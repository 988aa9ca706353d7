// Sets for tests of what stores do with them: their files hold anything, as long as the manifest says it.

import { randomBytes } from "node:crypto";
import {
  encodeManifest,
  type Manifest,
  type PublishedSet,
  type SetFile,
  type SetInput,
  setFile,
} from "@forklift/sets";
import { digestOf, type Store } from "@forklift/storage";

export const NETWORK = "sample";
const STATE_HASH = "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4";
const RUN_ID = "2024-06-05T00-00-00Z-daily-5f2a91";
const LEDGER_HASH = "jxF9QxrVpjrZZ3uaC1HnirYb6pY8dUfWBEABsrXqpHC8bJsqqTv";

export interface WrittenSet {
  readonly height: number;
  /** ISO 8601. */
  readonly created?: string;
  readonly final?: boolean;
  /** Of the dump; the other files are small. */
  readonly dumpBytes?: number;
  /** What it says that it was made from; null is a set of version 1, which says nothing. Default: []. */
  readonly inputs?: readonly SetInput[] | null;
}

export function manifestOf(set: WrittenSet, files: SetFile[] = []): PublishedSet {
  const { height, created = "2024-06-05T00:00:00.000Z", final = false, inputs = [] } = set;
  const ofEveryVersion = {
    network: NETWORK,
    created,
    forkliftVersion: "0.1.0",
    anchor: { height, stateHash: STATE_HASH, vouchedBy: "source" as const },
    height,
    stateHash: STATE_HASH,
    globalSlotSinceGenesis: height * 2,
    preForkLedgerHash: LEDGER_HASH,
    berkeleyLedgerHash: LEDGER_HASH,
    final,
    source: { name: "a dump", tip: { height: height + 5, stateHash: STATE_HASH } },
    files,
    digests: {},
    rowCounts: { blocks: height },
    verification: { ok: true as const, checks: [{ id: "chain-connected", compared: height }] },
    exceptions: [],
    durations: {},
  };
  const manifest: Manifest =
    inputs === null
      ? { version: 1, ...ofEveryVersion }
      : { version: 2, ...ofEveryVersion, inputs: [...inputs], history: "canonical", runId: RUN_ID };
  return { name: `${NETWORK}-set-${height}-${STATE_HASH}.json`, manifest };
}

export async function writeSet(store: Store, set: WrittenSet): Promise<PublishedSet> {
  const { height, dumpBytes = 1000 } = set;
  const contents: readonly [SetFile["role"], string, number][] = [
    ["dump", `${NETWORK}-migrated-archive-dump-${dateOf(height)}_0000.sql.tar.gz`, dumpBytes],
    ["checkpoint", `${NETWORK}-checkpoint-${height * 2 + 1}.json`, 300],
    ["checkpoint-meta", `${NETWORK}-checkpoint-${height * 2 + 1}.meta.json`, 0],
    ["report", `${NETWORK}-report-${dateOf(height)}_0000.json`, 20],
  ];
  const files: SetFile[] = [];
  for (const [role, name, bytes] of contents) {
    const content = randomBytes(bytes);
    await store.write(name, one(content));
    files.push(setFile(role, { name, ...digestOf(content) }));
  }
  const published = manifestOf(set, files);
  await store.write(published.name, one(Buffer.from(encodeManifest(published.manifest))));
  return published;
}

export async function namesIn(store: Store): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of store.list()) names.push(name);
  return names;
}

export async function* one(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}

/** Another day for every height. */
function dateOf(height: number): string {
  return new Date(Date.UTC(2024, 0, height)).toISOString().slice(0, 10);
}
