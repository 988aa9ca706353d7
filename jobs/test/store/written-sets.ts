// Sets for tests of what stores do with them: their files hold anything, as long as the manifest says it.

import { createHash, randomBytes } from "node:crypto";
import { Crc32c, type Store } from "@forklift/storage";
import { encodeManifest, type Manifest, type SetFile } from "../../src/sets/manifest.ts";
import type { PublishedSet } from "../../src/sets/published-sets.ts";

export const NETWORK = "sample";
const STATE_HASH = "3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4";
const LEDGER_HASH = "jxF9QxrVpjrZZ3uaC1HnirYb6pY8dUfWBEABsrXqpHC8bJsqqTv";

export interface WrittenSet {
  readonly height: number;
  /** ISO 8601. */
  readonly created?: string;
  readonly final?: boolean;
  /** Of the dump; the other files are small. */
  readonly dumpBytes?: number;
}

export function manifestOf(set: WrittenSet, files: SetFile[] = []): PublishedSet {
  const { height, created = "2024-06-05T00:00:00.000Z", final = false } = set;
  const manifest: Manifest = {
    version: 1,
    network: NETWORK,
    created,
    forkliftVersion: "0.1.0",
    anchor: { height, stateHash: STATE_HASH, vouchedBy: "source" },
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
    verification: { ok: true, checks: [{ id: "chain-connected", compared: height }] },
    exceptions: [],
    durations: {},
  };
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
    const crc = new Crc32c();
    crc.update(content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    files.push({ role, name, bytes, sha256, crc32c: crc.digest() });
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
