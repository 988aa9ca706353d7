// The ledger tree of protocol 1.x: twenty levels of the legacy Poseidon.

import { fieldToBytes } from "@forklift/chain";
import { ACCOUNT_LEAF_HASH, EMPTY_ACCOUNT_HASH, writeAccount } from "./account-hash.ts";
import { defineTree } from "./tree-rules.ts";

export const LEGACY_TREE_RULES = defineTree({
  depth: 20,
  leafHash: ACCOUNT_LEAF_HASH,
  nodePrefix: "CodaMklTree",
  writeLeaf: writeAccount,
  emptyLeaf: () => fieldToBytes(EMPTY_ACCOUNT_HASH),
});
