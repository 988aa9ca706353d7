// `{network}-{height}-{state_hash}.json`, the name of a precomputed block. A name is only a claim.

import { parseStateHash, type StateHash } from "./hashes.ts";
import { parseUnsigned, UINT32_MAX } from "./integer.ts";

export interface BlockFileName {
  readonly network: string;
  readonly height: bigint;
  readonly stateHash: StateHash;
}

export function blockFileName({ network, height, stateHash }: BlockFileName): string {
  return `${network}-${height}-${stateHash}.json`;
}

/** Split from the right, since a network may have a hyphen; null for any other name. */
export function parseBlockFileName(name: string): BlockFileName | null {
  const match = /^(.+)-([0-9]+)-(3N[1-9A-HJ-NP-Za-km-z]+)\.json$/.exec(name);
  if (match === null) return null;
  const [, network, height, stateHash] = match as unknown as [string, string, string, string];
  try {
    return {
      network,
      height: parseUnsigned(height, UINT32_MAX),
      stateHash: parseStateHash(stateHash),
    };
  } catch {
    return null;
  }
}
