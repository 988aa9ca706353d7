// The ledger: accounts by index and by key, and the hash over all of them.

import type { Field } from "@forklift/chain";
import { FormatError, hashText, type LedgerHash, type PublicKey } from "@forklift/chain";
import type { Account } from "./account.ts";
import { hashAccounts } from "./account-hash.ts";
import { LEDGER_DEPTH, MerkleTree } from "./merkle-tree.ts";

/** Places in a tree of twenty levels. Mainnet had about 228,000 accounts at the hard fork. */
const ACCOUNTS_MAX = 2 ** LEDGER_DEPTH;

/** Accounts; their inputs take 256 bytes each, so a whole mainnet would be 58 MB at once. */
const HASHED_AT_ONCE_MAX = 1024;

/**
 * Indexes are given in the order of creation and never reused, as in the archive. Changing an
 * account is cheap; the work of hashing is done when `ledgerHash` or `leafHashes` is called, once
 * for each account changed since the last call.
 */
export class Ledger {
  readonly #accounts: Account[] = [];
  readonly #indexes = new Map<PublicKey, number>();
  readonly #tree = new MerkleTree();
  #unhashed = new Set<number>();

  /** @throws FormatError when two accounts have one key. */
  constructor(accounts: Iterable<Account> = []) {
    for (const account of accounts) this.append(account);
  }

  /**
   * A ledger whose account hashes are known, as from a checkpoint whose digest is trusted: they are
   * not computed again. The nodes above them are.
   * @throws FormatError when the numbers of accounts and of hashes differ.
   */
  static fromLeafHashes(accounts: Iterable<Account>, leafHashes: Iterable<Field>): Ledger {
    const ledger = new Ledger(accounts);
    const hashes = [...leafHashes];
    if (hashes.length !== ledger.accountCount) {
      throw new FormatError(`${hashes.length} leaf hashes for ${ledger.accountCount} accounts`);
    }
    for (const [index, hash] of hashes.entries()) ledger.#tree.setLeaf(index, hash);
    ledger.#unhashed = new Set();
    return ledger;
  }

  get accountCount(): number {
    return this.#accounts.length;
  }

  indexOf(publicKey: PublicKey): number | undefined {
    return this.#indexes.get(publicKey);
  }

  /** @throws RangeError when no account has that index. */
  account(index: number): Account {
    const account = this.#accounts[index];
    if (account === undefined) {
      throw new RangeError(`no account ${index} in a ledger of ${this.accountCount}`);
    }
    return account;
  }

  /** In the order of their indexes. */
  accounts(): IterableIterator<Account> {
    return this.#accounts.values();
  }

  /** The index of the new account. @throws FormatError when its key is there already. */
  append(account: Account): number {
    const index = this.accountCount;
    const holder = this.indexOf(account.publicKey);
    if (holder !== undefined) {
      throw new FormatError(`${account.publicKey} has an account already, at index ${holder}`);
    }
    if (index >= ACCOUNTS_MAX) {
      throw new FormatError(`a ledger holds at most ${ACCOUNTS_MAX} accounts`);
    }
    this.#accounts.push(account);
    this.#indexes.set(account.publicKey, index);
    this.#unhashed.add(index);
    return index;
  }

  /** @throws RangeError when no account has that index, or when it belongs to another key. */
  replace(index: number, account: Account): void {
    const { publicKey } = this.account(index);
    if (account.publicKey !== publicKey) {
      throw new RangeError(`account ${index} is ${publicKey}, not ${account.publicKey}`);
    }
    this.#accounts[index] = account;
    this.#unhashed.add(index);
  }

  /** Hashes what has changed since the last call. */
  ledgerHash(): LedgerHash {
    this.#hashLeaves();
    return hashText("ledgerHash", this.#tree.root()) as LedgerHash;
  }

  /** The hash of every account, in the order of their indexes. */
  leafHashes(): Field[] {
    this.#hashLeaves();
    return this.#tree.leaves();
  }

  #hashLeaves(): void {
    // The set keeps the order of insertion, and appended indexes ascend: the leaves have no gap.
    const unhashed = [...this.#unhashed];
    for (let from = 0; from < unhashed.length; from += HASHED_AT_ONCE_MAX) {
      const indexes = unhashed.slice(from, from + HASHED_AT_ONCE_MAX);
      this.#tree.setLeaves(indexes, hashAccounts(indexes.map((index) => this.account(index))));
    }
    this.#unhashed = new Set();
  }
}
