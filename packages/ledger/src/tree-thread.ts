// A thread that keeps a copy of a ledger's accounts, and the trees over them. It is sent what has
// changed, 180 bytes an account, and answers with hashes.

import { Worker } from "node:worker_threads";
import type { LedgerHash } from "@forklift/chain";
import { RECORD_BYTES } from "./account-record.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerTree } from "./ledger-tree.ts";
import type { TreeAnswer, TreeQuestion, TreeTask } from "./tree-worker.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../dist/tree-worker.js" : "./tree-worker.js",
  import.meta.url,
);

/** Records that travel together when a whole ledger is sent: 0.7 MB. */
const SENT_AT_ONCE_MAX = 4096;

interface Waiting {
  readonly resolve: (answer: TreeAnswer) => void;
  readonly reject: (error: Error) => void;
}

export class TreeThread implements LedgerTree {
  readonly #ledger: Ledger;
  readonly #worker = new Worker(WORKER_FILE);
  readonly #unwatch: () => void;
  /** In the order in which they changed first. */
  readonly #changed = new Set<number>();
  readonly #waiting: Waiting[] = [];
  #permutations = 0;
  #end: Error | undefined;

  /** Hashes that the ledger knows are handed over, and forgotten there. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#worker.on("message", (answer: TreeAnswer) => this.#answered(answer));
    this.#worker.on("error", (error) => this.#fail(error));
    this.#worker.on("exit", () => this.#fail(new Error("the thread of the ledger tree has ended")));
    // Nobody waits for an answer: the process may end.
    this.#worker.unref();
    const leafHashes = ledger.isHashed ? ledger.leafHashes() : null;
    for (let index = 0; index < ledger.accountCount; index++) this.#changed.add(index);
    this.#sendChanges();
    if (leafHashes !== null) this.#send({ leafHashes });
    ledger.forgetHashes();
    this.#unwatch = ledger.watch((index) => this.#changed.add(index));
  }

  get permutationsElsewhere(): number {
    return this.#permutations;
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
    await this.#worker.terminate();
  }

  async #ask(question: TreeQuestion): Promise<TreeAnswer["value"]> {
    if (this.#end !== undefined) throw this.#end;
    this.#sendChanges();
    this.#send({ question });
    this.#worker.ref();
    const { value } = await new Promise<TreeAnswer>((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
    return value;
  }

  #sendChanges(): void {
    // What a roll back puts back is told to nobody, and would be missing in the copy for ever.
    if (this.#ledger.hasOpenMark) throw new Error("a mark of the ledger is open");
    const { table } = this.#ledger;
    // An account can only be opened behind those that are there.
    const indexes = Uint32Array.from(this.#changed).sort();
    this.#changed.clear();
    for (let from = 0; from < indexes.length; from += SENT_AT_ONCE_MAX) {
      const sent = indexes.slice(from, from + SENT_AT_ONCE_MAX);
      const records = new Uint8Array(sent.length * RECORD_BYTES);
      for (const [at, index] of sent.entries()) {
        records.set(table.record(index), at * RECORD_BYTES);
      }
      this.#send({ indexes: sent, records }, [sent.buffer, records.buffer]);
    }
  }

  #send(task: TreeTask, handedOver: ArrayBuffer[] = []): void {
    this.#worker.postMessage(task, handedOver);
  }

  #answered(answer: TreeAnswer): void {
    // An error may overtake the answers before it; whoever waited for them was told the error.
    if (this.#end !== undefined) return;
    this.#permutations = answer.permutations;
    this.#waiting.shift()!.resolve(answer);
    if (this.#waiting.length === 0) this.#worker.unref();
  }

  /** Whatever ends the thread is our bug, or our own end. */
  #fail(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#end);
  }
}
