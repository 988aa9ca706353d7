// What the queries of an audit share: their input and the form of their results.

import type { Finding, FindingKind } from "../source/source-finding.ts";

export interface AuditOptions {
  /** The prefix of block files. */
  readonly network: string;
  /**
   * Commands of blocks up to this height are not looked at again: an earlier run has copied them,
   * and they were verified. Links, heights and statuses are always looked at as a whole.
   */
  readonly above: bigint;
  /** Blocks after which the network's nodes call a block canonical (k); default: of the public networks. */
  readonly finality?: bigint;
  /**
   * Whether somebody has said where the chain ends. Without that it ends where the source's does, and a
   * fault above that end is one of the chain.
   */
  readonly hasEnd?: boolean;
  /** How the creation fees that the source records are looked at; null: not at all. */
  readonly creationFees?: CreationFees | null;
}

export interface CreationFees {
  /** Nanomina. */
  readonly fee: bigint;
  /** Public keys of the genesis ledger, which no command opens; null: told by the recorded balances. */
  readonly genesisKeys: readonly string[] | null;
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

/** Rows of a query that selects `count(*) over () as total` beside its first rows. */
export function foundIn<Row extends { readonly total: string }>(
  kind: FindingKind,
  rows: readonly Row[],
  findingOf: (row: Row) => Omit<Finding, "kind">,
): Found {
  const findings = rows.map((row) => ({ kind, ...findingOf(row) }));
  return { kind, findings, count: Number(rows[0]?.total ?? 0) };
}
