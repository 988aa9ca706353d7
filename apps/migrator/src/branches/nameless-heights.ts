// The blocks whose files' names have no height, as those of mainnet's bucket below height 25,705: where they stand is read
// in the files themselves, of those that the target lacks.

import { stateHashesInTarget } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import type { MigratorContext } from "../context.ts";

/** State hashes that the target is asked for at once. */
const ASKED_AT_ONCE = 1_000;

/** Blocks whose heights are kept, some 100 bytes each. */
const KEPT_MAX = 100_000;

/** By height, in the order of the list. */
export type NamelessHeights = ReadonlyMap<bigint, readonly StateHash[]>;

export async function namelessHeights({
  blocks,
  target,
  warn,
}: Pick<MigratorContext, "blocks" | "target" | "warn">): Promise<NamelessHeights> {
  const all = (await blocks.places()).withoutHeight();
  const heights = new Map<bigint, StateHash[]>();
  let unknown = 0;
  for (let at = 0; at < Math.min(all.length, KEPT_MAX); at += ASKED_AT_ONCE) {
    const asked = all.slice(at, at + ASKED_AT_ONCE);
    const present = new Set<string>(await stateHashesInTarget(target, asked));
    const absent = asked.filter((stateHash) => !present.has(stateHash));
    const links = await Promise.all(
      absent.map((stateHash) => blocks.findLink({ height: null, stateHash })),
    );
    for (const link of links) {
      if (link === null) unknown++;
      else heights.set(link.height, [...(heights.get(link.height) ?? []), link.stateHash]);
    }
  }
  unknown += Math.max(0, all.length - KEPT_MAX);
  if (unknown > 0) {
    warn(
      `${unknown} block files have no height in their names, and none is known of them: they are left out`,
    );
  }
  return heights;
}
