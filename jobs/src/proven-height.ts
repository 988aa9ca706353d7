// How far an earlier run has proven the target: a mark of the verification.

import { progressMarks, saveProgressMark } from "@forklift/archive";
import type { Session } from "@forklift/postgres";

/** The id of the verifying stage, under which the mark is kept. */
export const VERIFY_STAGE = "verify-target";

interface Proven {
  readonly height: string;
  readonly stateHash: string;
}

export async function markProven(target: Session, proven: Proven): Promise<void> {
  await saveProgressMark(target, VERIFY_STAGE, proven);
}

/** Zero when nothing has been proven. */
export async function readProvenHeight(target: Session): Promise<bigint> {
  const mark = (await progressMarks(target).load(VERIFY_STAGE)) as Proven | null;
  return BigInt(mark?.height ?? 0);
}
