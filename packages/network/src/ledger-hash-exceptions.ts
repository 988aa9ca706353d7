// Exceptions that an operator adds to those of the preset.

import type { StateHash } from "@forklift/chain";
import type { LedgerHashException, Network } from "./network.ts";

const BY_OPERATOR: LedgerHashException = { reason: "named by the operator", slots: null };

/** The network with more blocks whose ledger hash is not demanded. Those of the preset stay. */
export function withLedgerHashExceptions(
  network: Network,
  stateHashes: readonly StateHash[] = [],
): Network {
  const added = stateHashes.map((stateHash) => [stateHash, BY_OPERATOR] as const);
  const ledgerHashExceptions = new Map([...added, ...network.ledgerHashExceptions]);
  return { ...network, ledgerHashExceptions };
}
