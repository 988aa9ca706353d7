// What a verification found, as plain data and as the JSON document of `forklift verify`.

import { jsonNumber } from "@forklift/chain";
import type { Tip } from "./world.ts";

/** One value of the target that is not what it should be. */
export interface Difference {
  readonly table: string;
  /** The row, by what stands in it: "height 5, sequence_no 3". */
  readonly key: string;
  /** "*" when the row as a whole is missing or too many. */
  readonly column: string;
  readonly expected: string;
  readonly found: string;
}

export interface CheckResult {
  /** Stable, for scripts. */
  readonly id: string;
  /** For people. */
  readonly name: string;
  readonly ok: boolean;
  /** Rows looked at. */
  readonly compared: number;
  readonly elapsedMs: number;
  /** The first of them, at most `DIFFERENCES_SHOWN_MAX`. */
  readonly differences: readonly Difference[];
  readonly differenceCount: number;
}

export interface VerificationReport {
  readonly ok: boolean;
  readonly tip: Tip;
  /** The first height that this run looked at. */
  readonly fromHeight: bigint;
  readonly checks: readonly CheckResult[];
  /** By table, 64 hex digits each. */
  readonly digests: Readonly<Record<string, string>>;
  readonly rowCounts: Readonly<Record<string, string>>;
}

/** A result names its first differences; the rest is only counted. */
export const DIFFERENCES_SHOWN_MAX = 10;

/** The report as the documented JSON document: heights and counts are numbers, times seconds. */
export function toJson({ ok, tip, fromHeight, checks, digests, rowCounts }: VerificationReport) {
  return {
    ok,
    tip: {
      height: jsonNumber(tip.height),
      stateHash: tip.stateHash,
      ledgerHash: tip.ledgerHash,
    },
    fromHeight: jsonNumber(fromHeight),
    checks: checks.map((check) => ({
      id: check.id,
      name: check.name,
      ok: check.ok,
      compared: check.compared,
      seconds: check.elapsedMs / 1000,
      differenceCount: check.differenceCount,
      differences: check.differences,
    })),
    digests,
    rowCounts: Object.fromEntries(
      Object.entries(rowCounts).map(([table, count]) => [table, jsonNumber(BigInt(count))]),
    ),
  };
}
