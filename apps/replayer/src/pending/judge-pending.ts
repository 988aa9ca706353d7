// Judges the pending blocks by what their replay gave. Pure: the walk is over.

import type { LedgerHash } from "@forklift/chain";
import { isLedgerHashException, type Network } from "@forklift/network";
import type { VerificationError } from "@forklift/pipeline";
import { difference } from "../blocks/difference.ts";
import type { NotProven, PendingDifference } from "./pending-report.ts";
import type { PendingNode } from "./pending-tree.ts";

/** What the replay gave of each block, by state hash. */
export interface Findings {
  readonly ledgerHashes: ReadonlyMap<string, LedgerHash>;
  /** Of commands that could not be applied, or came to another status. */
  readonly refused: ReadonlyMap<string, VerificationError>;
}

export interface Verdict {
  /** State hashes. */
  readonly proven: ReadonlySet<string>;
  readonly differences: readonly PendingDifference[];
  readonly notProven: readonly NotProven[];
}

export const PENDING_HINT =
  "compare the block's rows in the source with its precomputed block; while it is pending it is not " +
  "copied, and a block that is orphaned in the end does no harm";

/** @param nodes in ascending height. */
export function judgePending(
  nodes: readonly PendingNode[],
  { ledgerHashes, refused }: Findings,
  exceptions: Network["ledgerHashExceptions"],
): Verdict {
  const highest = nodes.at(-1)?.header.height;
  const proven = new Set<string>();
  const wrong = new Set<string>();
  const differences: PendingDifference[] = [];
  const notProven: NotProven[] = [];
  for (const { header, parent, top } of nodes) {
    const { height, stateHash, ledgerHash: expected } = header;
    const found = ledgerHashes.get(stateHash) ?? null;
    if (found === expected || (found !== null && isLedgerHashException(exceptions, header))) {
      proven.add(stateHash);
      continue;
    }
    wrong.add(stateHash);
    if (parent !== null && wrong.has(parent.header.stateHash)) {
      const reason = `descends from block ${parent.header.stateHash}, which is not proven`;
      notProven.push({ height, stateHash, reason });
      continue;
    }
    const error =
      refused.get(stateHash) ??
      difference(header, `has ledger hash ${expected}, its replay gives ${found}`, {
        hint: PENDING_HINT,
      });
    const isOnBestChain = top === highest;
    differences.push({ height, stateHash, expected, found, isOnBestChain, error });
  }
  return { proven, differences, notProven };
}
