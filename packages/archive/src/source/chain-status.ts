// What the source says of a block. Archives of older releases have an enum without `pending`, and some
// have a text column; a null says the same as `pending`: the archive node has not decided yet.

/** As the column has it, read as text. */
export type SourceStatus = string | null;

export const KNOWN_STATUSES = ["canonical", "orphaned", "pending"] as const;

/**
 * In SQL, as text, so that no enum is asked for a label that it lacks. `canonical`, which every archive
 * has, is compared without it: there is an index on the column.
 * @param alias of a `blocks` in the query around it.
 */
export function statusOf(alias: string): string {
  return `coalesce(${alias}.chain_status::text, 'pending')`;
}

export function isPending(status: SourceStatus): boolean {
  return status === null || status === "pending";
}

/** Reads on after "block X": "is orphaned", "has no chain status (null)". */
export function statusInWords(status: SourceStatus): string {
  if (status === null) return "has no chain status (null)";
  const isKnown = KNOWN_STATUSES.some((known) => known === status);
  return isKnown ? `is ${status}` : `has the unknown chain status ${JSON.stringify(status)}`;
}
