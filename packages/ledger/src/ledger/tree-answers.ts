// Follows a ledger by what it is told, and answers what it is asked of its hashes, on whatever thread that is.

import type { HashMany } from "../poseidon/hash-inputs.ts";
import { type AccountChanges, TreeFollower } from "./tree-follower.ts";

export type TreeTask =
  | { readonly changes: AccountChanges }
  | {
      /** Of all accounts that were sent. */
      readonly leafHashes: Uint8Array;
    }
  | { readonly question: TreeQuestion };

/** A block ends with each question for a ledger hash. */
export type TreeQuestion = "ledgerHash" | "berkeleyLedgerHash" | "leafHashes";

/** A hash as text, or the hashes of all accounts. */
export type TreeAnswer = string | Uint8Array;

export class TreeAnswers {
  readonly #follower: TreeFollower;

  /** @param windowBlocks whose hashes are computed together, at most. */
  constructor(hash: HashMany, windowBlocks: number) {
    this.#follower = new TreeFollower(hash, windowBlocks);
  }

  /**
   * What is to be answered by now, in the order of the questions. Ledger hashes of blocks wait for company
   * until there is no room, something else is asked, or `rest` is called.
   */
  take(task: TreeTask): readonly TreeAnswer[] {
    const follower = this.#follower;
    if ("changes" in task) follower.follow(task.changes);
    else if ("leafHashes" in task) follower.buildOn(task.leafHashes);
    else if (task.question !== "ledgerHash") return [...this.rest(), follower[task.question]()];
    else {
      follower.endBlock();
      if (follower.isFull) return this.rest();
    }
    return [];
  }

  /** Of blocks that wait. */
  rest(): readonly TreeAnswer[] {
    return this.#follower.takeLedgerHashes();
  }
}
