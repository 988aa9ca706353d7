// A check: one question to the databases, the precomputed blocks and the genesis ledger.

import type { Findings } from "./findings.ts";
import type { Tip, VerifierWorld } from "./world.ts";

export interface Scope extends VerifierWorld {
  readonly tip: Tip;
}

/** Checks share no result with one another: each can be trusted, or doubted, by itself. */
export interface ArchiveCheck {
  /** Stands in reports. Never reuse or rename one. */
  readonly id: string;
  readonly name: string;
  /** Both sessions stand in a read-only snapshot. Whatever it throws counts as a failed check. */
  run(scope: Scope, findings: Findings): Promise<void>;
}
