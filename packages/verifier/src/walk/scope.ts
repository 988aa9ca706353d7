// The scope of one verification: its databases, the tip, and the part that an earlier run proved.

import type { History } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { Tip, VerifierContext } from "../context.ts";
import type { MissingBranches } from "../missing-branches.ts";
import type { Part } from "../part.ts";
import type { PendingTail } from "../pending-tail.ts";
import type { ProvenPart, TableVersions } from "../proven-part.ts";
import type { RebuiltLedger } from "./rebuilt-ledger.ts";
import type { Sides } from "./sides.ts";
import type { WalkMark } from "./walk-mark.ts";

export interface Scope extends VerifierContext {
  readonly history: History;
  /** Whether the target holds blocks beside its chain that are to be walked. */
  readonly hasBranches: boolean;
  readonly tip: Tip;
  /** What is verified of an archive that has gone on; null for all of it. */
  readonly part: Part | null;
  /** Ids of the blocks of the chain by height, from 1 on, found by parent hash; null where a height has one block or is wrong. */
  readonly chain: Int32Array | null;
  /** Which blocks are of the chain and which beside it, for queries. */
  readonly sides: Sides;
  /** Up to the tip, the blocks of the chain that may be pending; null where none may. */
  readonly tail: PendingTail | null;
  /** What the source says of the tip; null when it does not have it, or there is no source. */
  readonly tipStatus: string | null;
  /** Zero when everything is checked. */
  readonly provenHeight: bigint;
  readonly proven: ProvenPart | null;
  /** How far an interrupted walk of the same rows came; null when none is gone on with. */
  readonly walked: WalkMark | null;
  /** The block of the chain above which the walk begins; null for genesis. */
  readonly below: Pick<WalkMark, "height" | "stateHash" | "ledgerHash"> | null;
  /** Of the settled rows of the proven part, as they are now. */
  readonly settledVersions: ((target: Session) => Promise<TableVersions>) | null;
  /** Which blocks of the source the target lacks beside its chain; null where nobody can say. */
  readonly missing: (() => Promise<MissingBranches>) | null;
  /** The accounts as the rows of the target say, block by block as the walk goes up. */
  readonly rebuilt: RebuiltLedger;
}

/** The chain status that a block must have that has this one. */
export function statusOf({ tail }: Pick<Scope, "tail">, height: bigint, status: string): string {
  const isAccepted = status === "pending" && tail !== null && height >= tail.fromHeight;
  return isAccepted ? status : "canonical";
}
