// A check: one question to the databases, the precomputed blocks and the genesis ledger.

import type { Findings } from "./findings.ts";
import type { HeightRows } from "./walk/height-rows.ts";
import type { Scope } from "./walk/scope.ts";

/** What a check cannot do without; a verification that does not have it leaves the check out. */
export type Need =
  | "source"
  | "creation fees"
  | "blocks"
  | "signatures"
  | "fork config"
  | "proven part"
  | "later blocks"
  | "no later blocks"
  | "branches";

interface CheckHead {
  /** Stands in reports. Never reuse or rename one. */
  readonly id: string;
  /** For people; a check of the official verifier has the official name. */
  readonly name: string;
  readonly needs: readonly Need[];
  /** What it checks in this scope, where that is more or less than its name says; default: its name. */
  nameIn?(scope: Scope): string;
}

/** Is shown one block after the other, each after its parent, with all that hangs on it. */
export interface WalkCheck extends CheckHead {
  /** What the check remembers from one block to the next lives in the closure. */
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
  run(scope: Scope, findings: Findings): Promise<void>;
}
