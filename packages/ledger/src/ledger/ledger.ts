// The ledger: accounts by index and by key, and the hash over all of them.

import {
  FIELD_BYTES,
  FormatError,
  hashTextOfBytes,
  type LedgerHash,
  type PublicKey,
  requireFieldBytes,
} from "@forklift/chain";
import type { Account } from "../accounts/account.ts";
import { accountAt, newParts, partsOf } from "../accounts/account-objects.ts";
import { type AccountParts, AccountTable } from "../accounts/account-table.ts";
import { Journal, type Mark } from "../accounts/journal.ts";
import type { HashMany } from "../poseidon/hash-inputs.ts";
import { pointBytes } from "../text/decoded-texts.ts";
import { BERKELEY_TREE_RULES } from "../tree/berkeley-tree-rules.ts";
import { LEGACY_TREE_RULES } from "../tree/legacy-tree-rules.ts";
import { MerkleTree } from "../tree/merkle-tree.ts";
import type { TreeRules } from "../tree/tree-rules.ts";

/** Leaves of a tree of twenty levels. Mainnet had about 228,000 accounts at the hard fork. */
const ACCOUNTS_MAX = 2 ** LEGACY_TREE_RULES.depth;

/**
 * Indexes are given in the order of creation and never reused, as in the archive. Changing an
 * account is cheap; the work of hashing is done when a hash is requested, once for each account
 * changed since the last time. About 280 bytes an account, whatever it holds.
 */
export class Ledger {
  /** The accounts, to read and write without making objects of them. */
  readonly table: AccountTable;
  readonly #journal = new Journal();
  readonly #trees = new Map<TreeRules, MerkleTree>();
  readonly #watchers = new Set<(index: number) => void>();

  /** @throws FormatError when two accounts have one key, RangeError as `append` does. */
  constructor(accounts: Iterable<Account> = []) {
    const tellWatchers = (index: number) => {
      for (const changed of this.#watchers) changed(index);
    };
    const changed = (index: number) => {
      for (const tree of this.#trees.values()) tree.accountChanged(index);
      tellWatchers(index);
    };
    // The trees take a roll back from the journal themselves.
    this.table = new AccountTable(this.#journal, changed, tellWatchers);
    for (const account of accounts) this.append(account);
  }

  /**
   * A ledger whose account hashes are known, as from a checkpoint whose digest is trusted: they are
   * not computed again. The nodes above them are.
   * @param leafHashes 32 little-endian bytes for each account, in their order.
   * @throws FormatError when the numbers of accounts and of hashes differ, or for a hash that is no
   * field element.
   */
  static fromLeafHashes(accounts: Iterable<Account>, leafHashes: Uint8Array): Ledger {
    const ledger = new Ledger(accounts);
    const { accountCount } = ledger;
    if (leafHashes.length !== accountCount * FIELD_BYTES) {
      throw new FormatError(
        `${leafHashes.length} bytes of leaf hashes for ${accountCount} accounts, ` +
          `expected ${accountCount * FIELD_BYTES}`,
      );
    }
    for (let at = 0; at < leafHashes.length; at += FIELD_BYTES) {
      requireFieldBytes(leafHashes.subarray(at, at + FIELD_BYTES));
    }
    ledger.buildOn(leafHashes);
    return ledger;
  }

  /** Takes the hashes of all accounts as given; see `fromLeafHashes`, which checks them. */
  buildOn(leafHashes: Uint8Array): void {
    this.#treeOf(LEGACY_TREE_RULES).buildOn(leafHashes, this.table);
  }

  get accountCount(): number {
    return this.table.count;
  }

  /** @throws FormatError when the text is no public key. */
  indexOf(publicKey: PublicKey): number | undefined {
    const index = this.table.find(pointBytes(publicKey));
    return index < 0 ? undefined : index;
  }

  /**
   * The account as it stands, an object made for the caller.
   * @throws RangeError when no account has that index.
   */
  account(index: number): Account {
    this.#requireAccount(index);
    return accountAt(this.table, index);
  }

  /** The account with that key and its index. @throws FormatError when the text is no public key. */
  find(publicKey: PublicKey): { readonly index: number; readonly account: Account } | undefined {
    const index = this.indexOf(publicKey);
    if (index === undefined) return undefined;
    return { index, account: accountAt(this.table, index, publicKey) };
  }

  /** In the order of their indexes, each made when it is its turn. */
  *accounts(): IterableIterator<Account> {
    for (let index = 0; index < this.accountCount; index++) yield this.account(index);
  }

  /**
   * The index of the new account.
   * @throws FormatError when its key is there already or malformed, RangeError for a number that is
   * too wide. The ledger is unchanged.
   */
  append(account: Account): number {
    return this.#append(account.publicKey, partsOf(account));
  }

  /** The same for an account as the protocol opens it. */
  appendNew(publicKey: PublicKey, balance: bigint): number {
    return this.#append(publicKey, newParts(pointBytes(publicKey), balance));
  }

  /**
   * @throws RangeError when no account has that index, when it belongs to another key, or for a
   * number that is too wide. The ledger is unchanged.
   */
  replace(index: number, account: Account): void {
    this.#requireAccount(index);
    this.table.replace(index, partsOf(account));
  }

  /** Hashes what has changed since the last call. */
  ledgerHash(): LedgerHash {
    return hashTextOfBytes("ledgerHash", this.root(LEGACY_TREE_RULES)) as LedgerHash;
  }

  /**
   * The ledger hash that the hard fork gives the same accounts. The first call hashes them all, later
   * ones what has changed since.
   */
  berkeleyLedgerHash(): LedgerHash {
    return hashTextOfBytes("ledgerHash", this.root(BERKELEY_TREE_RULES)) as LedgerHash;
  }

  /** The hashes of the accounts in the order of their indexes, 32 little-endian bytes each. */
  leafHashes(): Uint8Array {
    return this.#treeOf(LEGACY_TREE_RULES).leaves(this.table);
  }

  /**
   * Hashes every account for `root` with these rules and for what rests on it, in pieces of some 30
   * milliseconds: timers and signals have their turn between them. No account may change meanwhile.
   * @param hash does the hashing, as that of a `HashPool`.
   * @param progress is notified of how many accounts are done.
   */
  async hashInPieces(
    rules: TreeRules,
    hash: HashMany,
    progress: (accountCount: number) => void = () => undefined,
  ): Promise<void> {
    await this.#treeOf(rules).buildInPieces(this.table, hash, progress);
  }

  /**
   * The root of the same accounts under the rules of some era, 32 little-endian bytes. The first
   * call with those rules hashes every account, later ones what has changed since.
   */
  root(rules: TreeRules): Uint8Array {
    return this.#treeOf(rules).root(this.table).slice();
  }

  /** Whether the hashes of all accounts but those that changed lately are known. */
  get isHashed(): boolean {
    return this.#trees.get(LEGACY_TREE_RULES)?.isBuilt ?? false;
  }

  /** Forgets every hash. The trees take 70 bytes an account, which whoever hashes elsewhere saves. */
  forgetHashes(): void {
    this.#trees.clear();
  }

  /**
   * Reports the index of every account that is opened or written from now on, or that a roll back
   * restores or removes; a removed one is no longer counted then. The result ends it.
   */
  watch(changed: (index: number) => void): () => void {
    this.#watchers.add(changed);
    return () => this.#watchers.delete(changed);
  }

  /**
   * A moment to return to. From here on, every change is noted until the mark is closed, by
   * `rollBack` or by `forget`. Marks nest, so that a walk over forks can keep a stack of them.
   */
  mark(): Mark {
    return this.#journal.mark();
  }

  /**
   * Makes the ledger what it was at the mark: accounts, keys, and the nodes of its trees, none of
   * which is hashed again. The mark and every mark inside it are closed.
   * @throws RangeError when the mark is closed already.
   */
  rollBack(mark: Mark): void {
    this.#journal.rollBack(mark);
  }

  /**
   * Closes the mark and every mark inside it without taking anything back.
   * @throws RangeError when the mark is closed already.
   */
  forget(mark: Mark): void {
    this.#journal.forget(mark);
  }

  #append(publicKey: PublicKey, parts: AccountParts): number {
    const holder = this.table.find(parts.key);
    if (holder >= 0) {
      throw new FormatError(`${publicKey} has an account already, at index ${holder}`);
    }
    if (this.accountCount >= ACCOUNTS_MAX) {
      throw new FormatError(`a ledger holds at most ${ACCOUNTS_MAX} accounts`);
    }
    return this.table.open(parts);
  }

  /** The tree of an era outlives a roll back to before it was there, and is then not yet built. */
  #treeOf(rules: TreeRules): MerkleTree {
    let tree = this.#trees.get(rules);
    if (tree === undefined) {
      tree = new MerkleTree(rules, this.#journal);
      this.#trees.set(rules, tree);
    }
    return tree;
  }

  #requireAccount(index: number): void {
    if (index >= 0 && index < this.accountCount) return;
    throw new RangeError(`no account ${index} in a ledger of ${this.accountCount}`);
  }
}
