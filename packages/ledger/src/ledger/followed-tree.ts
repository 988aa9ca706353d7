// The hashes of a ledger, computed by whoever follows its accounts: it is sent what has changed, 180 bytes an
// account, and answers with hashes.

import type { LedgerHash } from "@forklift/chain";
import { RECORD_BYTES } from "../accounts/account-record.ts";
import type { Answering } from "../threads/answering-thread.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerTree } from "./ledger-tree.ts";
import type { TreeAnswer, TreeQuestion, TreeTask } from "./tree-answers.ts";
import type { AccountChanges } from "./tree-follower.ts";

/** Records that travel together when a whole ledger is sent: 0.7 MB. */
const SENT_AT_ONCE_MAX = 4096;

export class FollowedTree implements LedgerTree {
  readonly #ledger: Ledger;
  readonly #follower: Answering<TreeTask, TreeAnswer>;
  readonly #unwatch: () => void;
  /** In the order in which they changed first. */
  readonly #changed = new Set<number>();
  /** How many accounts stayed all the time since the changes were last sent. */
  #keptCount = 0;

  /** Hashes that the ledger knows are handed over, and forgotten there. @param follower knows nothing yet. */
  constructor(ledger: Ledger, follower: Answering<TreeTask, TreeAnswer>) {
    this.#ledger = ledger;
    this.#follower = follower;
    const leafHashes = ledger.isHashed ? ledger.leafHashes() : null;
    for (let index = 0; index < ledger.accountCount; index++) this.#changed.add(index);
    this.#sendChanges();
    if (leafHashes !== null) this.#follower.tell({ leafHashes });
    ledger.forgetHashes();
    this.#unwatch = ledger.watch((index) => {
      this.#changed.add(index);
      this.#keptCount = Math.min(this.#keptCount, ledger.accountCount);
    });
  }

  get permutationsElsewhere(): number {
    return this.#follower.permutations;
  }

  async ledgerHash(): Promise<LedgerHash> {
    return (await this.#ask("ledgerHash")) as LedgerHash;
  }

  async berkeleyLedgerHash(): Promise<LedgerHash> {
    return (await this.#ask("berkeleyLedgerHash")) as LedgerHash;
  }

  async leafHashes(): Promise<Uint8Array> {
    return (await this.#ask("leafHashes")) as Uint8Array;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#unwatch();
    await this.#follower[Symbol.asyncDispose]();
  }

  async #ask(question: TreeQuestion): Promise<TreeAnswer> {
    this.#sendChanges();
    return await this.#follower.ask({ question });
  }

  #sendChanges(): void {
    const { table, accountCount } = this.#ledger;
    const isThere = (index: number) => index < accountCount;
    // An account can only be opened behind those that are there.
    const indexes = Uint32Array.from([...this.#changed].filter(isThere)).sort();
    let keptCount = this.#keptCount;
    this.#changed.clear();
    this.#keptCount = accountCount;
    for (let from = 0; from === 0 || from < indexes.length; from += SENT_AT_ONCE_MAX) {
      const sent = indexes.slice(from, from + SENT_AT_ONCE_MAX);
      const records = new Uint8Array(sent.length * RECORD_BYTES);
      for (const [at, index] of sent.entries()) {
        records.set(table.record(index), at * RECORD_BYTES);
      }
      const changes: AccountChanges = { keptCount, indexes: sent, records };
      this.#follower.tell({ changes }, [sent.buffer, records.buffer]);
      keptCount = accountCount;
    }
  }
}
