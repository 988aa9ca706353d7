// The pointer `{network}-latest.json`: which set is the newest, for readers that cannot list a store,
// such as a web server's. A set exists without it; it is moved when the set's manifest is there.

import { parseJson } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import type { Store } from "@forklift/storage";
import { z } from "zod";
import { decodeManifest, type Manifest } from "./manifest.ts";

/** Each lost round means that somebody else moved it, which only a run with the lease does. */
const ROUNDS_MAX = 10;

const latestSchema = z.strictObject({
  version: z.literal(1),
  network: z.string(),
  /** The name of the manifest. */
  set: z.string().regex(/^[^/]+$/),
  height: z.int().positive(),
  stateHash: z.string(),
  final: z.boolean(),
  updated: z.iso.datetime(),
});

export type Latest = z.infer<typeof latestSchema>;

export function latestName(network: string): string {
  return `${network}-latest.json`;
}

/** Null when there is none, or what is there is none. */
export async function readLatest(store: Store, network: string): Promise<Latest | null> {
  const found = await store.read(latestName(network));
  return found === null ? null : decode(found.content);
}

interface Move {
  readonly network: string;
  readonly set: { readonly name: string; readonly manifest: Manifest };
  readonly date: () => Date;
  /** Also from a set of a greater height, which this one replaces. */
  readonly isReplacing: boolean;
}

/**
 * Points at the set, unless the pointer stands on a higher one by now.
 * @throws TryAgainError when others keep moving it.
 */
export async function moveLatest(store: Store, move: Move): Promise<void> {
  const { network, set, date, isReplacing } = move;
  const name = latestName(network);
  const { height, stateHash, final } = set.manifest;
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const found = await store.read(name);
    const latest = found === null ? null : decode(found.content);
    if (latest?.set === set.name && latest.final === final) return;
    if (!isReplacing && (await standsAbove(store, latest, height))) return;
    const next: Latest = {
      version: 1,
      network,
      set: set.name,
      height,
      stateHash,
      final,
      updated: date().toISOString(),
    };
    const content = Buffer.from(`${JSON.stringify(next, null, 2)}\n`);
    if (await store.replace(name, content, found?.version ?? null)) return;
  }
  throw new TryAgainError(`${store.url}/${name} was changed by others ${ROUNDS_MAX} times`, {
    hint: "see that only one run publishes to this store",
  });
}

/** Whether it would be moved: what was killed right after its manifest has left it behind. */
export async function isPointedAt(
  store: Store,
  { network, set }: Pick<Move, "network" | "set">,
): Promise<boolean> {
  const latest = await readLatest(store, network);
  if (latest === null) return false;
  if (latest.set === set.name) return latest.final === set.manifest.final;
  return await standsAbove(store, latest, set.manifest.height);
}

/** Whether it names the manifest of a higher set: a pointer to what is none holds nobody back. */
async function standsAbove(store: Store, latest: Latest | null, height: number): Promise<boolean> {
  if (latest === null || latest.height <= height) return false;
  try {
    const found = await store.read(latest.set);
    if (found === null) return false;
    return decodeManifest(found.content.toString("utf8"), latest.set).height === latest.height;
  } catch (error) {
    if (error instanceof SourceDataError) return false;
    throw error;
  }
}

/** Null for a truncated pointer: the next publication writes it anew. */
function decode(content: Buffer): Latest | null {
  let json: unknown;
  try {
    json = parseJson(content.toString("utf8"));
  } catch {
    return null;
  }
  return latestSchema.safeParse(json).data ?? null;
}
