// The tree of Berkeley: over the same accounts at the same indexes, deeper and of another hash.

import { publicKeyText } from "@forklift/chain";
import { newAccount } from "../accounts/account.ts";
import { tableOf } from "../accounts/account-objects.ts";
import { kimchiHash } from "../poseidon/hash-inputs.ts";
import { PAIR_BYTES } from "../poseidon/memory-layout.ts";
import {
  BERKELEY_LEAF_HASH,
  MIGRATED,
  OPENED_BY_BERKELEY,
  writeBerkeleyAccount,
} from "./berkeley-account-hash.ts";
import { defineTree } from "./tree-rules.ts";

/** Migrated accounts keep their indexes, and indexes without account are Berkeley's own. */
export const BERKELEY_TREE_RULES = defineTree({
  depth: 35,
  leafHash: BERKELEY_LEAF_HASH,
  nodePrefix: "MinaMklTree",
  writeLeaf: (input, accounts, index) => writeBerkeleyAccount(input, accounts, index, MIGRATED),
  emptyLeaf: hashEmptyAccount,
});

/** A new account of the key that no one has. */
function hashEmptyAccount(): Uint8Array {
  const { prefix, pairs } = BERKELEY_LEAF_HASH;
  const input = new Uint8Array(pairs * PAIR_BYTES);
  const nobody = newAccount(publicKeyText({ x: 0n, isOdd: false }), 0n);
  writeBerkeleyAccount(input, tableOf(nobody), 0, OPENED_BY_BERKELEY);
  return kimchiHash.hash(prefix, input, pairs);
}
