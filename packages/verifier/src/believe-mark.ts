// Whether the mark of an interrupted walk is believed: when it was made of the same question by the same rules, and when
// the count of the rows of every table and the sum of the transactions that wrote them are those of then, of the rows
// that there were. What was looked at still stands there, be it that blocks have come above it. All that is asked of
// whole tables, their digests and the anchor among it, is asked anew.

import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { textOfShare } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { NOTHING_HEALED } from "./healed.ts";
import { readVersionsUpTo, type TableVersions } from "./proven-part.ts";
import { FILLED_TABLES } from "./tables.ts";
import type { Scope } from "./walk/scope.ts";
import type { WalkMark } from "./walk/walk-mark.ts";

/**
 * Without the tip: a walk shows each block to the checks in the same way, whatever stands above it.
 * What commands are to rest on besides is asked of every block: a walk that has not asked it proves less.
 * @param by the ids of the checks, and a digest of the rules that they ask by.
 */
export function questionOf(
  {
    anchor,
    proven,
    history,
    healed,
    grounds,
    source,
  }: Pick<Scope, "anchor" | "proven" | "history" | "healed" | "grounds" | "source">,
  { checks, rules }: { readonly checks: readonly string[]; readonly rules: string },
): string {
  // The source vouches for the tip of the moment.
  const trusted = anchor.vouchedBy === "source" ? null : anchor.stateHash;
  const { signatures, agree = 1 } = grounds ?? {};
  const share = textOfShare(signatures ?? { which: "none" });
  const besides = [share, agree, source !== null];
  const asked = [
    ...[trusted, anchor.vouchedBy, proven?.stateHash ?? null, history],
    ...[checks, rules, besides],
    ...[...(healed ?? NOTHING_HEALED)]
      .map(([stateHash, parts]) => [stateHash, ...parts].sort())
      .sort(),
  ];
  return createHash("sha256").update(JSON.stringify(asked)).digest("hex");
}

/** @param versions of the target's tables as they are now. */
export async function isBelievable(
  mark: WalkMark,
  { question, versions }: Pick<WalkMark, "question" | "versions">,
  { target, tip, proven, hasBranches }: Pick<Scope, "target" | "tip" | "proven" | "hasBranches">,
): Promise<boolean> {
  const isBelowTip = mark.height < tip.height || mark.stateHash === tip.stateHash;
  const isInRange = mark.height > (proven?.height ?? 0n) && mark.height <= tip.height;
  if (mark.question !== question || !isBelowTip || !isInRange) return false;
  return (
    isDeepStrictEqual(mark.versions, versions) ||
    // What has come beside the chain may stand on a block below the mark.
    (!hasBranches && (await hasGrownFrom(mark.versions, target, versions)))
  );
}

/** Rows have come since, and those of then are untouched. */
async function hasGrownFrom(
  older: TableVersions,
  target: Session,
  versions: TableVersions,
): Promise<boolean> {
  const mayHaveGrown = FILLED_TABLES.every((table) => {
    const [then, now] = [older[table], versions[table]];
    return then !== undefined && now !== undefined && BigInt(then.rows) <= BigInt(now.rows);
  });
  return mayHaveGrown && isDeepStrictEqual(await readVersionsUpTo(target, older), older);
}
