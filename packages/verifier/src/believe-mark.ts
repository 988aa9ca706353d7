// Whether the mark of an interrupted walk is believed: when it was made of the same question by the same rules, and when the count
// of the rows of every table and the sum of the transactions that wrote them are those of then. What was looked at
// still stands there. All that is asked of whole tables, their digests among it, is asked anew.

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import type { Scope } from "./walk/scope.ts";
import type { WalkMark } from "./walk/walk-mark.ts";

/** @param by the ids of the checks, and a digest of the rules that they ask by. */
export function questionOf(
  { anchor, proven, tip }: Pick<Scope, "anchor" | "proven" | "tip">,
  { checks, rules }: { readonly checks: readonly string[]; readonly rules: string },
): string {
  const asked = [
    ...[String(tip.height), tip.stateHash, tip.ledgerHash],
    ...[anchor.stateHash, anchor.vouchedBy, proven?.stateHash ?? null, checks, rules],
  ];
  return createHash("sha256").update(JSON.stringify(asked)).digest("hex");
}

export function isBelievable(
  mark: WalkMark,
  { question, versions }: Pick<WalkMark, "question" | "versions">,
  { tip, proven }: Pick<Scope, "tip" | "proven">,
): boolean {
  return (
    mark.question === question &&
    mark.height > (proven?.height ?? 0n) &&
    mark.height <= tip.height &&
    isDeepStrictEqual(mark.versions, versions)
  );
}
