// The tree over the account hashes: twenty levels, filled from the left, rehashed where it changed.

import type { Field } from "@forklift/chain";
import { EMPTY_ACCOUNT_HASH } from "./account-hash.ts";
import { hashLegacy } from "./legacy-poseidon.ts";

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
  /** Level 0 holds the leaves. Places right of the last one stand for empty subtrees. */
  readonly #levels: Field[][] = Array.from({ length: LEDGER_DEPTH + 1 }, () => []);
  #dirtyLeaves = new Set<number>();

  /** Leaves fill up from the left: `index` is at most the number of leaves. */
  setLeaf(index: number, hash: Field): void {
    this.#levels[0]![index] = hash;
    this.#dirtyLeaves.add(index);
  }

  leaves(): Field[] {
    return [...this.#levels[0]!];
  }

  /** Rehashes each node above a changed leaf once, level by level. */
  root(): Field {
    let dirty = this.#dirtyLeaves;
    for (const [height, prefix] of NODE_PREFIXES.entries()) {
      const children = this.#levels[height]!;
      const parents = this.#levels[height + 1]!;
      const empty = EMPTY_SUBTREE_HASHES[height]!;
      dirty = new Set(Array.from(dirty, (index) => index >> 1));
      // Ascending, so that a level grows without holes.
      for (const index of [...dirty].sort((a, b) => a - b)) {
        const left = children[2 * index] ?? empty;
        const right = children[2 * index + 1] ?? empty;
        parents[index] = hashLegacy(prefix, [left, right]);
      }
    }
    this.#dirtyLeaves = new Set();
    return this.#levels[LEDGER_DEPTH]![0] ?? EMPTY_SUBTREE_HASHES[LEDGER_DEPTH]!;
  }
}
