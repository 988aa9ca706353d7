// Blocks whose ledger hash is not demanded: those of the preset, and those that an operator adds.

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

/** Why the ledger hash of a block is not demanded; null when it is. */
export function ledgerHashExceptionOf(
  exceptions: Network["ledgerHashExceptions"],
  block: { readonly stateHash: StateHash; readonly globalSlotSinceGenesis: bigint },
): LedgerHashException | null {
  const exception = exceptions.get(block.stateHash);
  if (exception === undefined) return null;
  return exception.slots?.has(block.globalSlotSinceGenesis) === false ? null : exception;
}

export function isLedgerHashException(...asked: Parameters<typeof ledgerHashExceptionOf>): boolean {
  return ledgerHashExceptionOf(...asked) !== null;
}
