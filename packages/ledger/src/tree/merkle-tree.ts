// The tree over the account hashes: filled from the left, rehashed where its accounts changed. Roots of
// several versions of the accounts are computed together, as those of a block after the other.

import { setImmediate } from "node:timers/promises";
import { FIELD_BYTES } from "@forklift/chain";
import type { AccountTable } from "../accounts/account-table.ts";
import type { EntryKind, Journal } from "../accounts/journal.ts";
import { type HashMany, hashHere } from "../poseidon/hash-inputs.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import { DirtySet } from "./dirty-set.ts";
import { HashArray } from "./hash-array.ts";
import { HASHED_AT_ONCE_MAX, LeafWindow } from "./leaf-window.ts";
import { type NodeVersions, parentsOf, putLast } from "./node-versions.ts";
import { emptySubtrees, type TreeRules } from "./tree-rules.ts";

/** Of a whole ledger, hashed before others have their turn: some 30 milliseconds, accounts' leaves. */
const LEAVES_AT_A_TIME = 512;
const NODES_AT_A_TIME = 2048;

/** Nothing is hashed, nor kept in mind, before the root or the leaves are requested. */
export class MerkleTree {
  readonly #rules: TreeRules;
  readonly #journal: Journal;
  readonly #hash: HashMany;
  readonly #buildEntry: EntryKind;
  /** Level 0 holds the leaves. Indexes right of the last one hold the hashes of empty subtrees. */
  readonly #levels: readonly HashArray[];
  readonly #dirty: DirtySet;
  readonly #window: LeafWindow;
  /** Versions that ended and whose roots nobody has taken. */
  #versions = 0;
  /** Until it is built, every account counts as changed. */
  #isBuilt: boolean = false;

  /** @param hash does all the hashing, but for that of empty subtrees. */
  constructor(rules: TreeRules, journal: Journal, hash: HashMany = hashHere) {
    this.#rules = rules;
    this.#journal = journal;
    this.#hash = hash;
    this.#levels = emptySubtrees(rules).map((empty) => new HashArray(empty, journal));
    this.#dirty = new DirtySet(journal);
    this.#window = new LeafWindow(rules, hash);
    this.#buildEntry = journal.define(0, () => {
      this.#isBuilt = false;
    });
  }

  get isBuilt(): boolean {
    return this.#isBuilt;
  }

  /** Leaves whose versions ended and whose roots nobody has taken. */
  get waitingLeaves(): number {
    return this.#window.leafCount;
  }

  /** The account at that index was opened, written or removed. */
  accountChanged(index: number): void {
    if (this.#isBuilt) this.#dirty.add(index);
  }

  /** 32 bytes; a view, good until the next call. */
  root(accounts: AccountTable): Uint8Array {
    this.endVersion(accounts);
    return this.takeRoots().subarray(-FIELD_BYTES);
  }

  /**
   * Remembers the accounts as they stand, for `takeRoots`. Until that was called, nothing may be
   * rolled back.
   */
  endVersion(accounts: AccountTable): void {
    this.#window.add(this.#versions, this.#indexesToHash(accounts), accounts);
    this.#versions += 1;
  }

  /** The root of each version that has ended since the last call, oldest first, 32 bytes each. */
  takeRoots(): Uint8Array {
    return resultOf(this.#takeRoots(this.#hash, HASHED_AT_ONCE_MAX));
  }

  /** Yields before every so many nodes. */
  *#takeRoots(hash: HashMany, nodesMax: number): Generator<undefined, Uint8Array> {
    const top = this.#levels[this.#rules.depth]!;
    const changed = yield* this.#hashNodes(this.#window.take(), hash, nodesMax);
    const roots = new Uint8Array(this.#versions * FIELD_BYTES);
    let root = top.at(0);
    for (let version = 0, at = 0; version < this.#versions; version++) {
      if (changed.versions[at] === version) root = hashAt(changed.hashes, at++);
      roots.set(root, version * FIELD_BYTES);
    }
    putLast(changed, top);
    this.#versions = 0;
    return roots;
  }

  /** The leaves of all accounts in the order of their indexes, 32 bytes each; a copy. */
  leaves(accounts: AccountTable): Uint8Array {
    this.root(accounts);
    return this.#levels[0]!.first(accounts.count);
  }

  /** Builds the tree over leaves that are known, 32 canonical bytes for every account. */
  buildOn(leaves: Uint8Array, accounts: AccountTable): void {
    this.#putLeaves(leaves, accounts);
    this.takeRoots();
  }

  /**
   * Hashes the leaves of all accounts, whether they changed or not, and the nodes above them. After each
   * piece of it whatever else waits in this thread has its turn; no account may change.
   * @param hash does all of this hashing.
   * @param progress is notified of how many leaves are done.
   */
  async buildInPieces(
    accounts: AccountTable,
    hash: HashMany,
    progress: (leafCount: number) => void,
  ): Promise<void> {
    const leaves = new Uint8Array(accounts.count * FIELD_BYTES);
    for (let from = 0; from < accounts.count; from += LEAVES_AT_A_TIME) {
      const length = Math.min(LEAVES_AT_A_TIME, accounts.count - from);
      const indexes = Uint32Array.from({ length }, (_, at) => from + at);
      const inputs = this.#rules.leafInputs(accounts, indexes);
      leaves.set(this.#rules.hashLeaves(inputs, hash), from * FIELD_BYTES);
      progress(from + length);
      await setImmediate();
    }
    this.#putLeaves(leaves, accounts);
    for (const _piece of this.#takeRoots(hash, NODES_AT_A_TIME)) await setImmediate();
  }

  #putLeaves(leaves: Uint8Array, accounts: AccountTable): void {
    this.#indexesToHash(accounts);
    const indexes = Uint32Array.from({ length: accounts.count }, (_, index) => index);
    this.#window.addKnown(this.#versions, indexes, leaves);
    this.#versions += 1;
  }

  /** Ascending. From here on the tree is built. */
  #indexesToHash(accounts: AccountTable): Uint32Array {
    if (this.#isBuilt) return this.#dirty.takeSorted();
    if (this.#journal.isOpen) this.#journal.save(this.#buildEntry, 0);
    this.#isBuilt = true;
    return Uint32Array.from({ length: accounts.count }, (_, index) => index);
  }

  /** Up from those leaves, each level but the last brought to its last versions. Gives the roots. */
  *#hashNodes(
    leaves: NodeVersions,
    hash: HashMany,
    nodesMax: number,
  ): Generator<undefined, NodeVersions> {
    let nodes = leaves;
    for (let height = 0; height < this.#rules.depth; height++) {
      const level = this.#levels[height]!;
      const parents = parentsOf(nodes, level);
      putLast(nodes, level);
      const hashes = new Uint8Array(parents.indexes.length * FIELD_BYTES);
      for (let from = 0; from < parents.indexes.length; from += nodesMax) {
        yield;
        const some = parents.pairs.subarray(from * PAIR_BYTES, (from + nodesMax) * PAIR_BYTES);
        hashes.set(this.#rules.hashNodes(height, some, hash), from * FIELD_BYTES);
      }
      nodes = { ...parents, hashes };
    }
    return nodes;
  }
}

function hashAt(hashes: Uint8Array, at: number): Uint8Array {
  return hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
}

/** Of work that is done in one go. */
function resultOf<Result>(work: Generator<undefined, Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done === true) return step.value;
  }
}
