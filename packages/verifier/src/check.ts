// A check: one question to the databases, the precomputed blocks and the genesis ledger.

import type { Session } from "@forklift/postgres";
import type { Findings } from "./findings.ts";
import type { ProvenPart, TableVersions } from "./proven-part.ts";
import type { HeightRows } from "./walk/height-rows.ts";
import type { RebuiltLedger } from "./walk/rebuilt-ledger.ts";
import type { Tip, VerifierWorld } from "./world.ts";

/** What a check cannot do without; a verification that does not have it leaves the check out. */
export type Need = "source" | "blocks" | "fork config" | "proven part";

export interface Scope extends VerifierWorld {
  readonly tip: Tip;
  /** What the source says of the tip; null when it does not have it, or there is no source. */
  readonly tipStatus: string | null;
  /** Zero when everything is checked. */
  readonly provenHeight: bigint;
  readonly proven: ProvenPart | null;
  /** Of the rows of the proven part, as they are now. */
  readonly olderVersions: ((target: Session) => Promise<TableVersions>) | null;
  /** The accounts as the rows of the target say, block by block as the walk goes up. */
  readonly rebuilt: RebuiltLedger;
}

interface CheckHead {
  /** Stands in reports. Never reuse or rename one. */
  readonly id: string;
  /** For people; one of the official verifier's bears the official name. */
  readonly name: string;
  readonly needs: readonly Need[];
}

/** Is shown one height after the other, all that stands there. */
export interface WalkCheck extends CheckHead {
  /** What the check remembers from one height to the next lives in the closure. */
  follow(scope: Scope, findings: Findings): Follower;
}

export interface Follower {
  /**
   * Whatever it throws ends this check, as a failed one, and no other. The walk waits for a promise,
   * which is how a check that is behind holds it up.
   */
  see(rows: HeightRows): Promise<void> | undefined | void;
  /** Once the walk has passed the tip; the session of the target is free then. */
  end?(): Promise<void>;
}

/** Asks whole tables by itself. */
export interface TableCheck extends CheckHead {
  run(scope: Scope, findings: Findings): Promise<void>;
}
