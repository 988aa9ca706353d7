// What an era of the protocol says about the tree over its accounts.

import type { AccountTable } from "../accounts/account-table.ts";
import { type HashMany, type HashName, hashHere } from "../poseidon/hash-inputs.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";

/** Hashes are 32 canonical little-endian bytes each; many of them stand one after the other. */
export interface TreeRules {
  /** Levels above the leaves. */
  readonly depth: number;
  /** The leaf of an index without an account. */
  readonly emptyLeaf: Uint8Array;
  /** What is hashed of the accounts at those indexes, in their order. */
  leafInputs(accounts: AccountTable, indexes: Uint32Array): Uint8Array<ArrayBuffer>;
  /** The leaves of such inputs, in their order; on the caller's thread unless told. */
  hashLeaves(inputs: Uint8Array, hash?: HashMany): Uint8Array;
  /** The parents of pairs of hashes, likewise. The height is 0 for the parents of leaves. */
  hashNodes(height: number, pairs: Uint8Array, hash?: HashMany): Uint8Array;
}

/** An input has that many pairs of field elements. */
export interface LeafHash {
  readonly hash: HashName;
  readonly prefix: string;
  readonly pairs: number;
}

interface Definition extends Pick<TreeRules, "depth"> {
  readonly leafHash: LeafHash;
  /** Followed by the height, in three digits. */
  readonly nodePrefix: string;
  /** Writes what is hashed of one account; the bytes are zero before. */
  readonly writeLeaf: (input: Uint8Array, accounts: AccountTable, index: number) => void;
  /** Called once, when the first tree is built. */
  readonly emptyLeaf: () => Uint8Array;
}

export function defineTree({
  depth,
  leafHash,
  nodePrefix,
  writeLeaf,
  emptyLeaf,
}: Definition): TreeRules {
  const { hash: hashName, prefix, pairs } = leafHash;
  const prefixes = Array.from(
    { length: depth },
    (_, height) => nodePrefix + String(height).padStart(3, "0"),
  );
  const inputBytes = pairs * PAIR_BYTES;
  let known: Uint8Array | undefined;
  return {
    depth,
    get emptyLeaf() {
      known ??= emptyLeaf();
      return known;
    },
    leafInputs(accounts, indexes) {
      const inputs = new Uint8Array(indexes.length * inputBytes);
      for (let at = 0; at < indexes.length; at++) {
        const input = inputs.subarray(at * inputBytes, (at + 1) * inputBytes);
        writeLeaf(input, accounts, indexes[at]!);
      }
      return inputs;
    },
    hashLeaves: (inputs, hash = hashHere) => hash(hashName, prefix, inputs, pairs),
    hashNodes: (height, nodes, hash = hashHere) => hash(hashName, prefixes[height]!, nodes, 1),
  };
}

const emptySubtreesOf = new WeakMap<TreeRules, readonly Uint8Array[]>();

/**
 * Hashes of the trees that hold no account: element 0 is a leaf, the last one a whole ledger. They
 * are computed once for the rules.
 */
export function emptySubtrees(rules: TreeRules): readonly Uint8Array[] {
  const known = emptySubtreesOf.get(rules);
  if (known !== undefined) return known;
  let hash = rules.emptyLeaf;
  const hashes = [hash];
  for (let height = 0; height < rules.depth; height++) {
    hash = rules.hashNodes(height, Buffer.concat([hash, hash]));
    hashes.push(hash);
  }
  emptySubtreesOf.set(rules, hashes);
  return hashes;
}
