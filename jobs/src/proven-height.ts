// How far an earlier run has proven the target, and how to see that it is still the same: a mark of the
// verification.

import { progressMarks, saveProgressMark } from "@forklift/archive";
import type { LedgerHash, StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { FILLED_TABLES, type ProvenPart } from "@forklift/verifier";
import { z } from "zod";

/** The id of the verifying stage, under which the mark is kept. */
export const VERIFY_STAGE = "verify-target";

const cursorSchema = z.strictObject({
  height: z.string().regex(/^\d{1,10}$/),
  stateHash: z.string(),
  /** By table, of the whole target. */
  digests: byTable(z.string().regex(/^[0-9a-f]{64}$/)),
  versions: byTable(
    z.strictObject({
      last: z.int().nonnegative(),
      rows: z.string().regex(/^\d+$/),
      sum: z.string().regex(/^\d+$/),
    }),
  ),
});

function byTable<Value extends z.ZodType>(value: Value) {
  return z.record(z.enum(FILLED_TABLES), value);
}

interface Proven extends Pick<ProvenPart, "digests" | "versions"> {
  readonly height: string;
  readonly stateHash: string;
}

/** Versions are of the tables as they were when they were proven, or restored. */
export async function markProven(target: Session, proven: Proven): Promise<void> {
  await saveProgressMark(target, VERIFY_STAGE, proven);
}

/**
 * Null when nothing has been proven, or when the target no longer has the block that was, or when the mark
 * is none: then all of it is to be verified anew.
 */
export async function readProvenPart(target: Session): Promise<ProvenPart | null> {
  // Earlier versions remembered the block alone, and whoever may write to the target may write anything.
  const mark = cursorSchema.safeParse(await progressMarks(target).load(VERIFY_STAGE));
  if (!mark.success) return null;
  const { height, stateHash, digests, versions } = mark.data;
  const [block] = await target.query<{ ledger_hash: LedgerHash }>(
    "select ledger_hash from blocks where height = $1 and state_hash = $2",
    [height, stateHash],
  );
  if (block === undefined) return null;
  return {
    height: BigInt(height),
    stateHash: stateHash as StateHash,
    ledgerHash: block.ledger_hash,
    digests,
    versions,
  };
}
