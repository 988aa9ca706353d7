// Marks of a verification that lie outside of the target, made safe against a target that has gone back: a server
// that lost its last commits counts its transactions from there anew, and what it writes then looks as before.

import { randomUUID } from "node:crypto";
import {
  progressMarks,
  readLedgerHash,
  removeProgressMark,
  saveDurableMark,
} from "@forklift/archive";
import type { Session } from "@forklift/postgres";
import type { WalkMarks } from "@forklift/verifier";
import { z } from "zod";
import type { RootedMark, RootedMarks } from "../work/walk-marks.ts";

/** Under which the root is kept. */
export const WALK_ROOT = "verification-walk";

const rootSchema = z.strictObject({ root: z.uuid() });

/**
 * Each verification writes a root into the target before it looks at it, and names it in its marks. A root that is
 * still there has all below it that was committed before, so that a mark is believed only of its own.
 */
export async function rootMarks(target: Session, marks: RootedMarks): Promise<WalkMarks> {
  const held = rootSchema.safeParse(await progressMarks(target).load(WALK_ROOT));
  const found = await marks.load();
  const isOurs = found !== null && found.root === held.data?.root && (await stands(target, found));
  const root = randomUUID();
  await saveDurableMark(target, WALK_ROOT, { root });
  if (isOurs) await marks.save({ ...found, root });
  return {
    everyBlocks: marks.everyBlocks,
    load: () => Promise.resolve(isOurs ? found : null),
    save: (mark) => marks.save({ ...mark, root }),
  };
}

/** Its marks are believed no more: a verification that found a difference is done anew, all of it. */
export async function removeRoot(target: Session): Promise<void> {
  await removeProgressMark(target, WALK_ROOT);
}

async function stands(target: Session, mark: RootedMark): Promise<boolean> {
  return (await readLedgerHash(target, mark)) === mark.ledgerHash;
}
