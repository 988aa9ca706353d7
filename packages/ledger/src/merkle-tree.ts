// The tree over the account hashes: filled from the left, rehashed where its accounts changed.

import { FIELD_BYTES } from "@forklift/chain";
import type { AccountTable } from "./account-table.ts";
import { DirtySet } from "./dirty-set.ts";
import { HashArray } from "./hash-array.ts";
import type { HashThreads } from "./hash-threads.ts";
import type { EntryKind, Journal } from "./journal.ts";
import { emptySubtrees, type TreeRules } from "./tree-rules.ts";

/** Accounts or nodes; an account's input takes 256 bytes, so a whole mainnet would be 58 MB. */
const HASHED_AT_ONCE_MAX = 4096;

/** Nothing is hashed, nor kept in mind, before the root or the leaves are asked for. */
export class MerkleTree {
  readonly #rules: TreeRules;
  readonly #journal: Journal;
  readonly #buildEntry: EntryKind;
  /** Level 0 holds the leaves. Places right of the last one hold the hashes of empty subtrees. */
  readonly #levels: readonly HashArray[];
  readonly #dirty: DirtySet;
  /** Until it is built, every account counts as changed. */
  #isBuilt: boolean = false;

  constructor(rules: TreeRules, journal: Journal) {
    this.#rules = rules;
    this.#journal = journal;
    this.#levels = emptySubtrees(rules).map((hash) => new HashArray(hash, journal));
    this.#dirty = new DirtySet(journal);
    this.#buildEntry = journal.define(0, () => {
      this.#isBuilt = false;
    });
  }

  get isBuilt(): boolean {
    return this.#isBuilt;
  }

  /** The account at that index was opened or written. */
  accountChanged(index: number): void {
    if (this.#isBuilt) this.#dirty.add(index);
  }

  /** 32 bytes; a view, good until the next call. */
  root(accounts: AccountTable): Uint8Array {
    this.#update(accounts);
    return this.#levels[this.#rules.depth]!.at(0);
  }

  /** The leaves of all accounts in the order of their indexes, 32 bytes each; a copy. */
  leaves(accounts: AccountTable): Uint8Array {
    this.#update(accounts);
    return this.#levels[0]!.first(accounts.count);
  }

  /** Builds the tree over leaves that are known, 32 canonical bytes for every account. */
  buildOn(leaves: Uint8Array, accounts: AccountTable): void {
    this.#indexesToHash(accounts);
    const indexes = Uint32Array.from({ length: accounts.count }, (_, index) => index);
    this.#levels[0]!.setAll(indexes, leaves);
    this.#hashPaths(indexes);
  }

  /**
   * Hashes the leaves of all accounts on other threads, whether they changed or not, and the nodes
   * above them here. Nothing may change meanwhile.
   * @param progress is told how many leaves are done.
   */
  async buildOnThreads(
    accounts: AccountTable,
    threads: HashThreads,
    progress: (leafCount: number) => void,
  ): Promise<void> {
    const { hash, prefix, pairs } = this.#rules.leafHash;
    const all = Uint32Array.from({ length: accounts.count }, (_, index) => index);
    const leaves = new Uint8Array(accounts.count * FIELD_BYTES);
    const batches = batchesOf(all);
    let done = 0;
    // As many takers as threads, and one more that has the next batch ready.
    const takers = Array.from({ length: threads.count + 1 }, async () => {
      for (const batch of batches) {
        const inputs = this.#rules.leafInputs(accounts, batch);
        const hashes = await threads.hash(hash, prefix, inputs, pairs);
        leaves.set(hashes, batch[0]! * FIELD_BYTES);
        done += batch.length;
        progress(done);
      }
    });
    await Promise.all(takers);
    this.buildOn(leaves, accounts);
  }

  #update(accounts: AccountTable): void {
    const indexes = this.#indexesToHash(accounts);
    for (const batch of batchesOf(indexes)) {
      this.#levels[0]!.setAll(batch, this.#rules.hashLeaves(accounts, batch));
    }
    this.#hashPaths(indexes);
  }

  /** Ascending. From here on the tree is built. */
  #indexesToHash(accounts: AccountTable): Uint32Array {
    if (this.#isBuilt) return this.#dirty.takeSorted();
    if (this.#journal.isOpen) this.#journal.save(this.#buildEntry, 0);
    this.#isBuilt = true;
    return Uint32Array.from({ length: accounts.count }, (_, index) => index);
  }

  /** Rehashes each node above a changed leaf once. @param changed ascending; it is overwritten. */
  #hashPaths(changed: Uint32Array): void {
    let dirty = changed;
    for (let height = 0; height < this.#rules.depth && dirty.length > 0; height++) {
      dirty = parentsOf(dirty);
      for (const batch of batchesOf(dirty)) {
        const hashes = this.#rules.hashNodes(height, this.#levels[height]!.pairs(batch));
        this.#levels[height + 1]!.setAll(batch, hashes);
      }
    }
  }
}

/** Siblings are neighbours, so that comparing with the last parent finds every double. In place. */
function parentsOf(ascending: Uint32Array): Uint32Array {
  let count = 0;
  for (const index of ascending) {
    const parent = index >>> 1;
    if (count === 0 || ascending[count - 1] !== parent) ascending[count++] = parent;
  }
  return ascending.subarray(0, count);
}

function* batchesOf(indexes: Uint32Array): Generator<Uint32Array> {
  for (let from = 0; from < indexes.length; from += HASHED_AT_ONCE_MAX) {
    yield indexes.subarray(from, from + HASHED_AT_ONCE_MAX);
  }
}
