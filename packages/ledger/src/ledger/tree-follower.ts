// Follows the accounts of a ledger on another thread, and hashes them: the ledger hashes of the blocks
// that wait, all together.

import { FIELD_BYTES, hashTextOfBytes, type LedgerHash } from "@forklift/chain";
import { RECORD_BYTES } from "../accounts/account-record.ts";
import { AccountTable } from "../accounts/account-table.ts";
import { Journal } from "../accounts/journal.ts";
import type { HashMany } from "../poseidon/hash-inputs.ts";
import { BERKELEY_TREE_RULES } from "../tree/berkeley-tree-rules.ts";
import { HASHED_AT_ONCE_MAX } from "../tree/leaf-window.ts";
import { LEGACY_TREE_RULES } from "../tree/legacy-tree-rules.ts";
import { MerkleTree } from "../tree/merkle-tree.ts";

/** Blocks whose ledger hashes are computed together. More would find no more company on the way. */
export const WINDOW_BLOCKS_MAX = 128;

export interface AccountChanges {
  /** Accounts from that index on are gone; what stands there again is among the records. */
  readonly keptCount: number;
  /** Ascending. */
  readonly indexes: Uint32Array;
  /** One after the other, in the order of the indexes. */
  readonly records: Uint8Array;
}

export class TreeFollower {
  readonly #table: AccountTable;
  readonly #legacy: MerkleTree;
  readonly #hash: HashMany;
  readonly #windowBlocks: number;
  readonly #journal = new Journal();
  /** Made when it is first asked for: a rehearsal of the hard fork, at most. */
  #berkeley: MerkleTree | null = null;
  #waitingBlocks = 0;

  constructor(hash: HashMany, windowBlocks: number) {
    this.#hash = hash;
    this.#windowBlocks = windowBlocks;
    this.#legacy = new MerkleTree(LEGACY_TREE_RULES, this.#journal, hash);
    this.#table = new AccountTable(this.#journal, (index) => {
      this.#legacy.accountChanged(index);
      this.#berkeley?.accountChanged(index);
    });
  }

  follow({ keptCount, indexes, records }: AccountChanges): void {
    this.#table.removeFrom(keptCount);
    for (const [at, index] of indexes.entries()) {
      this.#table.putRecord(index, records.subarray(at * RECORD_BYTES, (at + 1) * RECORD_BYTES));
    }
  }

  /** Takes the hashes of all accounts as given, 32 bytes each. */
  buildOn(leafHashes: Uint8Array): void {
    this.#legacy.buildOn(leafHashes, this.#table);
  }

  /** A block ends: its ledger hash is that of the accounts as they stand. */
  endBlock(): void {
    this.#legacy.endVersion(this.#table);
    this.#waitingBlocks += 1;
  }

  get isFull(): boolean {
    return (
      this.#waitingBlocks >= this.#windowBlocks || this.#legacy.waitingLeaves >= HASHED_AT_ONCE_MAX
    );
  }

  /** Of each block that has ended since the last call, in their order. */
  takeLedgerHashes(): LedgerHash[] {
    const roots = this.#legacy.takeRoots();
    const count = this.#waitingBlocks;
    this.#waitingBlocks = 0;
    return Array.from({ length: count }, (_, at) =>
      ledgerHash(roots.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES)),
    );
  }

  berkeleyLedgerHash(): LedgerHash {
    this.#berkeley ??= new MerkleTree(BERKELEY_TREE_RULES, this.#journal, this.#hash);
    return ledgerHash(this.#berkeley.root(this.#table));
  }

  /** 32 bytes for each account, in their order. No block may wait. */
  leafHashes(): Uint8Array {
    return this.#legacy.leaves(this.#table);
  }
}

function ledgerHash(root: Uint8Array): LedgerHash {
  return hashTextOfBytes("ledgerHash", root) as LedgerHash;
}
