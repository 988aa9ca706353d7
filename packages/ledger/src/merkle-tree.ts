// The tree over the account hashes: twenty levels, filled from the left, rehashed where it changed.

import {
  FIELD_BYTES,
  FIELD_MODULUS,
  type Field,
  fieldFromBytes,
  fieldToBytes,
} from "@forklift/chain";
import { EMPTY_ACCOUNT_HASH } from "./account-hash.ts";
import { HashArray } from "./hash-array.ts";
import { hashInputs } from "./hash-inputs.ts";
import { hashLegacy } from "./legacy-poseidon.ts";
import { PAIR_BYTES } from "./poseidon/memory-layout.ts";

/** Levels above the leaves; a constant of protocol 1.x. */
export const LEDGER_DEPTH = 20;

/** Prefixes of the nodes by height: 0 for the parents of leaves. */
const NODE_PREFIXES = Array.from(
  { length: LEDGER_DEPTH },
  (_, height) => `CodaMklTree${String(height).padStart(3, "0")}`,
);

/** Hashes of the trees that hold no account: element 0 is a leaf, the last one a whole ledger. */
export const EMPTY_SUBTREE_HASHES: readonly Field[] = hashEmptySubtrees();

function hashEmptySubtrees(): Field[] {
  let hash = EMPTY_ACCOUNT_HASH;
  const hashes = [hash];
  for (const prefix of NODE_PREFIXES) {
    hash = hashLegacy(prefix, [hash, hash]);
    hashes.push(hash);
  }
  return hashes;
}

/** Leaves are set at any time; inner nodes are computed when the root is asked for. */
export class MerkleTree {
  /** Level 0 holds the leaves. Places right of the last one hold the hashes of empty subtrees. */
  readonly #levels = EMPTY_SUBTREE_HASHES.map((hash) => new HashArray(fieldToBytes(hash)));
  #dirtyLeaves = new Set<number>();

  /**
   * Leaves fill up from the left: `index` is at most the number of leaves.
   * @throws RangeError for a number that is no field element.
   */
  setLeaf(index: number, hash: Field): void {
    if (hash < 0n || hash >= FIELD_MODULUS) {
      throw new RangeError(`leaf ${index} is ${hash}, expected a number below the field modulus`);
    }
    this.setLeaves([index], fieldToBytes(hash));
  }

  /** The same for many leaves, whose hashes stand one after the other as 32 canonical bytes. */
  setLeaves(indexes: readonly number[], hashes: Uint8Array): void {
    this.#setNodes(0, indexes, hashes);
    for (const index of indexes) this.#dirtyLeaves.add(index);
  }

  leaves(): Field[] {
    const leaves = this.#levels[0]!;
    return Array.from({ length: leaves.length }, (_, index) => fieldFromBytes(leaves.at(index)));
  }

  /** Rehashes each node above a changed leaf once, a level in one call. */
  root(): Field {
    let dirty = [...this.#dirtyLeaves];
    for (const [height, prefix] of NODE_PREFIXES.entries()) {
      if (dirty.length === 0) break;
      dirty = [...new Set(dirty.map((index) => index >> 1))];
      const children = this.#levels[height]!;
      const pairs = new Uint8Array(dirty.length * PAIR_BYTES);
      for (const [at, index] of dirty.entries()) pairs.set(children.pair(index), at * PAIR_BYTES);
      this.#setNodes(height + 1, dirty, hashInputs(prefix, pairs, 1));
    }
    this.#dirtyLeaves = new Set();
    return fieldFromBytes(this.#levels[LEDGER_DEPTH]!.at(0));
  }

  #setNodes(height: number, indexes: readonly number[], hashes: Uint8Array): void {
    const nodes = this.#levels[height]!;
    for (const [at, index] of indexes.entries()) {
      nodes.set(index, hashes.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES));
    }
  }
}
