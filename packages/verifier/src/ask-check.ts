// Asks one check its question, and turns whatever happens into a result.

import { TryAgainError } from "@forklift/pipeline";
import { snapshot } from "@forklift/postgres";
import type { ArchiveCheck, Scope } from "./check.ts";
import { Findings } from "./findings.ts";
import type { CheckResult } from "./report.ts";

/**
 * Each check has snapshots of its own: a failed query spoils only its own transactions, and a live
 * source is not kept from cleaning up for as long as a whole verification takes.
 * @throws TryAgainError when a server or a block source is away, or the signal asked to stop.
 */
export async function askCheck(
  check: ArchiveCheck,
  scope: Scope,
  { now, signal }: { now(): number; readonly signal: AbortSignal },
): Promise<CheckResult> {
  const startedMs = now();
  const findings = new Findings(signal);
  try {
    await snapshot(scope.source, () => snapshot(scope.target, () => check.run(scope, findings)));
  } catch (error) {
    // Nothing was learnt about the target, and a later run may learn it.
    if (error instanceof TryAgainError) throw error;
    findings.add({
      table: "*",
      key: "*",
      column: "*",
      expected: "an answer to this check",
      found: error instanceof Error ? error.message : String(error),
    });
  }
  const { compared, differences, differenceCount } = findings;
  return {
    id: check.id,
    name: check.name,
    ok: differenceCount === 0,
    compared,
    elapsedMs: Math.round(now() - startedMs),
    differences,
    differenceCount,
  };
}
