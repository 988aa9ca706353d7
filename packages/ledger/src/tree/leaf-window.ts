// The leaves that change within a window of versions, until the nodes above them are computed. What is
// hashed of an account is written down as it stands; the hashing waits for company.

import { FIELD_BYTES } from "@forklift/chain";
import type { AccountTable } from "../accounts/account-table.ts";
import type { HashMany } from "../poseidon/hash-inputs.ts";
import { copyHash, wordsOf } from "./hash-words.ts";
import type { NodeVersions } from "./node-versions.ts";
import type { TreeRules } from "./tree-rules.ts";

/** Inputs; an account's takes 256 bytes, so a whole mainnet's would be 58 MB. */
export const HASHED_AT_ONCE_MAX = 4096;

const INITIAL_LEAVES = 64;

/** More leaves than a window ever holds; an index times it is still an exact number. */
const POSITIONS = 2 ** 24;

/** 40 bytes a leaf, and 256 for each whose hash is still to come, of which there are at most 4,096. */
export class LeafWindow {
  readonly #rules: TreeRules;
  readonly #hash: HashMany;
  #indexes = new Uint32Array(INITIAL_LEAVES);
  #versions = new Uint32Array(INITIAL_LEAVES);
  #hashes = new Uint8Array(INITIAL_LEAVES * FIELD_BYTES);
  #count = 0;
  /** Where the leaves stand whose inputs wait, in the order of the inputs. */
  readonly #waiting: number[] = [];
  #inputs: Uint8Array[] = [];

  constructor(rules: TreeRules, hash: HashMany) {
    this.#rules = rules;
    this.#hash = hash;
  }

  get leafCount(): number {
    return this.#count;
  }

  /**
   * The leaves at those indexes as the accounts stand, an index without an account being empty.
   * @param indexes ascending, none twice in one version.
   */
  add(version: number, indexes: Uint32Array, accounts: AccountTable): void {
    const present = indexes.subarray(0, countBelow(indexes, accounts.count));
    for (let from = 0; from < present.length; ) {
      const room = HASHED_AT_ONCE_MAX - this.#waiting.length;
      const some = present.subarray(from, from + room);
      this.#inputs.push(this.#rules.leafInputs(accounts, some));
      for (const index of some) this.#waiting.push(this.#push(version, index));
      from += some.length;
      if (this.#waiting.length === HASHED_AT_ONCE_MAX) this.#hashWaiting();
    }
    for (const index of indexes.subarray(present.length)) {
      this.#putHash(this.#push(version, index), this.#rules.emptyLeaf);
    }
  }

  /** Leaves that are known, 32 bytes each. */
  addKnown(version: number, indexes: Uint32Array, hashes: Uint8Array): void {
    for (const [at, index] of indexes.entries()) {
      const hash = hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES);
      this.#putHash(this.#push(version, index), hash);
    }
  }

  /** All of them, hashed; the window is empty then. */
  take(): NodeVersions {
    this.#hashWaiting();
    const taken = {
      indexes: this.#indexes.subarray(0, this.#count),
      versions: this.#versions.subarray(0, this.#count),
      hashes: this.#hashes.subarray(0, this.#count * FIELD_BYTES),
    };
    this.#indexes = new Uint32Array(INITIAL_LEAVES);
    this.#versions = new Uint32Array(INITIAL_LEAVES);
    this.#hashes = new Uint8Array(INITIAL_LEAVES * FIELD_BYTES);
    this.#count = 0;
    return inOrder(taken);
  }

  #hashWaiting(): void {
    if (this.#waiting.length === 0) return;
    const inputs = this.#inputs.length === 1 ? this.#inputs[0]! : Buffer.concat(this.#inputs);
    const hashes = this.#rules.hashLeaves(inputs, this.#hash);
    for (const [at, leaf] of this.#waiting.entries()) {
      this.#putHash(leaf, hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES));
    }
    this.#waiting.length = 0;
    this.#inputs = [];
  }

  #putHash(leaf: number, hash: Uint8Array): void {
    this.#hashes.set(hash, leaf * FIELD_BYTES);
  }

  /** Where the leaf stands. */
  #push(version: number, index: number): number {
    if (this.#count === this.#indexes.length) this.#grow();
    this.#indexes[this.#count] = index;
    this.#versions[this.#count] = version;
    return this.#count++;
  }

  #grow(): void {
    const capacity = 2 * this.#count;
    const grown = {
      indexes: new Uint32Array(capacity),
      versions: new Uint32Array(capacity),
      hashes: new Uint8Array(capacity * FIELD_BYTES),
    };
    grown.indexes.set(this.#indexes);
    grown.versions.set(this.#versions);
    grown.hashes.set(this.#hashes);
    this.#indexes = grown.indexes;
    this.#versions = grown.versions;
    this.#hashes = grown.hashes;
  }
}

/** How many of the ascending indexes are below a limit: all of them, unless accounts were removed. */
function countBelow(ascending: Uint32Array, limit: number): number {
  let count = ascending.length;
  while (count > 0 && ascending[count - 1]! >= limit) count -= 1;
  return count;
}

/** By index. They came in the order of the versions, and keep it among those of one index. */
function inOrder(leaves: NodeVersions): NodeVersions {
  const { indexes, versions, hashes } = leaves;
  if (indexes.every((index, at) => at === 0 || indexes[at - 1]! < index)) return leaves;
  const keys = Float64Array.from(indexes, (index, at) => index * POSITIONS + at).sort();
  const order = Uint32Array.from(keys, (key) => key % POSITIONS);
  const sorted = new Uint8Array(hashes.length);
  const [from, to] = [wordsOf(hashes), wordsOf(sorted)];
  for (let at = 0; at < order.length; at++) copyHash(from, order[at]!, to, at);
  return {
    indexes: Uint32Array.from(order, (at) => indexes[at]!),
    versions: Uint32Array.from(order, (at) => versions[at]!),
    hashes: sorted,
  };
}
