// An archive as the origin of a migration: what it says of its blocks decides which chain is migrated.

import {
  chainBlockAt,
  type SourceChain,
  selectChain,
  sourceHeightOf,
  targetRefAt,
} from "@forklift/archive";
import type { Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { Origin } from "./origin.ts";

export interface Archive {
  readonly source: Session;
  readonly network: Network;
}

export function archiveOrigin({ source, network }: Archive): Origin {
  const blockAt = (chain: SourceChain, height: bigint) => chainBlockAt(source, chain, height);
  return {
    selectChain: (stop) => selectChain(source, stop, network.name),
    async hasOnChain(chain, stateHash) {
      const height = await sourceHeightOf(source, stateHash);
      const onChain = height === null ? null : await blockAt(chain, height);
      return onChain?.stateHash === stateHash;
    },
    commonHeight: (chain, target, heightMax) =>
      highestCommonHeight(heightMax, async (height) => {
        const [ofChain, ofTarget] = await Promise.all([
          blockAt(chain, height),
          targetRefAt(target, height),
        ]);
        return ofChain?.stateHash === ofTarget?.stateHash;
      }),
  };
}

/** Two chains agree up to some height and differ above it, so a binary search finds that height. */
export async function highestCommonHeight(
  heightMax: bigint,
  agreesAt: (height: bigint) => Promise<boolean>,
): Promise<bigint> {
  if (await agreesAt(heightMax)) return heightMax;
  let common = 0n;
  let different = heightMax;
  while (different - common > 1n) {
    const middle = (common + different) / 2n;
    if (await agreesAt(middle)) common = middle;
    else different = middle;
  }
  return common;
}
