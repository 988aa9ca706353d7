// How far an earlier run has proven the target, and how to see that it is still the same: a mark of the
// verification.

import { progressMarks, saveProgressMark } from "@forklift/archive";
import type { LedgerHash, StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { type ProvenPart, readVersions, type TableVersions } from "@forklift/verifier";

/** The id of the verifying stage, under which the mark is kept. */
export const VERIFY_STAGE = "verify-target";

interface Proven {
  readonly height: string;
  readonly stateHash: string;
  /** By table, of the whole target. */
  readonly digests: Readonly<Record<string, string>>;
}

/** To be called while the target is as it was when it was proven, or restored. */
export async function markProven(target: Session, proven: Proven): Promise<void> {
  const mark = { ...proven, versions: await readVersions(target) };
  await saveProgressMark(target, VERIFY_STAGE, mark);
}

/**
 * Null when nothing has been proven, or when the target no longer has the block that was: then all of it
 * is to be verified anew.
 */
export async function readProvenPart(target: Session): Promise<ProvenPart | null> {
  const mark = (await progressMarks(target).load(VERIFY_STAGE)) as
    | (Proven & { readonly versions: TableVersions })
    | null;
  // Earlier versions remembered the block alone.
  if (mark?.versions === undefined) return null;
  const [block] = await target.query<{ ledger_hash: LedgerHash }>(
    "select ledger_hash from blocks where height = $1 and state_hash = $2",
    [mark.height, mark.stateHash],
  );
  if (block === undefined) return null;
  return {
    height: BigInt(mark.height),
    stateHash: mark.stateHash as StateHash,
    ledgerHash: block.ledger_hash,
    digests: mark.digests,
    versions: mark.versions,
  };
}
