// What the questions of an audit share: what they are asked about, and the form of their answers.

import type { Finding, FindingKind } from "./source-finding.ts";

export interface AuditOptions {
  /** The prefix of block files. */
  readonly network: string;
  /**
   * Commands of blocks up to this height are not looked at again: an earlier run has copied them,
   * and they were verified. Links, heights and statuses are always looked at as a whole.
   */
  readonly above: bigint;
}

/** What one question found: the first findings of a kind, and how many there are. */
export interface Found {
  readonly kind: FindingKind;
  readonly findings: readonly Finding[];
  readonly count: number;
}

/**
 * Findings of one kind and question. Far above what a document lists, since every fault that stops
 * the migration may need a file, and all files are to be fetched at once; so many take 65 MB.
 */
export const FINDINGS_MAX = 100_000;

/** Rows of a question that asks for `count(*) over () as total` beside its first rows. */
export function foundIn<Row extends { readonly total: string }>(
  kind: FindingKind,
  rows: readonly Row[],
  findingOf: (row: Row) => Omit<Finding, "kind">,
): Found {
  const findings = rows.map((row) => ({ kind, ...findingOf(row) }));
  return { kind, findings, count: Number(rows[0]?.total ?? 0) };
}
