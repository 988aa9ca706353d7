// Reads a checkpoint that is to be continued, and finds the block of the target that it stands on.

import { type TargetBlock, targetBlockAtOrBelowSlot } from "@forklift/archive";
import type { LedgerHash } from "@forklift/chain";
import type { Ledger } from "@forklift/ledger";
import { isLedgerHashException, type Network } from "@forklift/network";
import { SourceDataError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Inform } from "../ledger/hash-ledger.ts";
import { loadCheckpoint } from "./load-checkpoint.ts";
import type { CheckpointLocation } from "./read-meta.ts";

/** The block of the target that it stands on, and the ledger after it. */
export interface FittingCheckpoint extends TargetBlock {
  /** Of the ledger; the block's own is another at a known exception. */
  readonly ledgerHash: LedgerHash;
  readonly ledger: Ledger;
}

/**
 * @throws SourceDataError when the file is missing, truncated, malformed, or when it does not belong to
 * the database at hand: its ledger hash must be that of the block it stands on.
 */
export async function readCheckpoint(
  target: Session,
  network: Network,
  place: CheckpointLocation,
  inform: Inform = () => undefined,
): Promise<FittingCheckpoint> {
  const where = `checkpoint ${place.store.url}/${place.name}`;
  const { winner } = network.genesis;
  const { startSlot, ledger, meta } = await loadCheckpoint(place, { winner, inform });
  if (meta !== null && meta.network !== network.name) {
    throw new SourceDataError(`${where} is of network ${meta.network}, expected ${network.name}`, {
      hint: "give the checkpoint that was published with this database",
    });
  }
  const block = await targetBlockAtOrBelowSlot(target, startSlot - 1n);
  const refuse = (what: string) => foreign(where, what, { target, block });
  if (meta !== null && meta.stateHash !== block?.stateHash) {
    throw refuse(`it stands on ${meta.stateHash} at height ${meta.height}`);
  }
  if (block === null) throw refuse(`it ends before slot ${startSlot}`);
  const ledgerHash = ledger.ledgerHash();
  if (
    ledgerHash !== block.ledgerHash &&
    !isLedgerHashException(network.ledgerHashExceptions, block)
  ) {
    throw refuse(`its ledger hash is ${ledgerHash}`);
  }
  return { ...block, ledgerHash, ledger };
}

function foreign(
  where: string,
  what: string,
  { target, block }: { readonly target: Session; readonly block: TargetBlock | null },
): SourceDataError {
  const found =
    block === null
      ? "which the target does not reach"
      : `but block ${block.stateHash} at height ${block.height} of the target has ledger hash ` +
        block.ledgerHash;
  return new SourceDataError(
    `${where} does not belong to this database: ${what}, ${found} (${target.maskedUrl})`,
    { hint: "give the checkpoint that was published with this database" },
  );
}
