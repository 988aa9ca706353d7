// A check: one question to the databases, the precomputed blocks and the genesis ledger.

import type { Findings } from "./findings.ts";
import type { HeightRows } from "./walk/height-rows.ts";
import type { Scope } from "./walk/scope.ts";

/** What a check cannot do without; a verification that does not have it leaves the check out. */
export type Need =
  | "source"
  | "creation fees"
  | "blocks"
  | "fork config"
  | "proven part"
  | "later blocks"
  | "no later blocks";

interface CheckHead {
  /** Stands in reports. Never reuse or rename one. */
  readonly id: string;
  /** For people; a check of the official verifier has the official name. */
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
  /** Compares what it was shown and has still to compare, before a mark stands for it. */
  settle?(): Promise<void>;
  /** Once the walk has passed the tip; the session of the target is free then. */
  end?(): Promise<void>;
}

/** Queries whole tables by itself. */
export interface TableCheck extends CheckHead {
  /** What it checks in this scope, where that is more than its name says; default: its name. */
  nameIn?(scope: Scope): string;
  run(scope: Scope, findings: Findings): Promise<void>;
}
