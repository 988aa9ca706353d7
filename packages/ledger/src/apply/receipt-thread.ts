// Computes the receipt chains of blocks to come on a thread of its own, while those before them are
// applied here.

import { FIELD_BYTES, FormatError, type PublicKey, type UserCommand } from "@forklift/chain";
import type { Ledger } from "../ledger/ledger.ts";
import { AnsweringThread } from "../threads/answering-thread.ts";
import { THREAD_MEMORY } from "../threads/thread-memory.ts";
import {
  inCommandOrder,
  type ReceiptInputs,
  receiptChainOf,
  receiptInputs,
} from "./receipt-chain.ts";
import type { ReceiptTask } from "./receipt-worker.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/apply/receipt-worker.js" : "./receipt-worker.js",
  import.meta.url,
);

/** Answers with the hashes of the inputs in their order, 32 bytes each. */
export function startReceiptWorker(): AnsweringThread<ReceiptTask, Uint8Array> {
  return new AnsweringThread(WORKER_FILE, "the thread of the receipts", {
    resourceLimits: THREAD_MEMORY,
  });
}

/** The chains that some commands leave in their fee payers, in the order of the commands. */
export interface ReceiptsAhead {
  /** Null when a text among them is malformed or a number too wide: nothing was computed. */
  readonly chains: Promise<readonly Uint8Array[] | null>;
  /** To be called when the ledger holds every one of the commands. */
  applied(): void;
}

/** A payer some of whose commands the ledger does not hold yet; the thread has its latest chain. */
interface Ahead {
  readonly number: number;
  /** Calls of `extend` that the ledger does not hold yet and that have a command of this payer. */
  calls: number;
}

export class ReceiptThread implements AsyncDisposable {
  readonly #ledger: Ledger;
  readonly #thread = startReceiptWorker();
  readonly #ahead = new Map<PublicKey, Ahead>();
  readonly #forgotten: number[] = [];
  #payersEver = 0;

  constructor(ledger: Ledger) {
    this.#ledger = ledger;
  }

  /** Done by the thread since it began. */
  get permutationsElsewhere(): number {
    return this.#thread.permutations;
  }

  /** @param commands that follow those of every call before, in their order. */
  extend(commands: readonly UserCommand[]): ReceiptsAhead {
    let work: ReceiptInputs;
    try {
      work = receiptInputs(commands);
    } catch (error) {
      if (!(error instanceof FormatError || error instanceof RangeError)) throw error;
      // Whoever applies the command that is malformed, says so.
      return { chains: Promise.resolve(null), applied: () => undefined };
    }
    const { payers, lengths, inputs, order } = work;
    const numbers = new Uint32Array(payers.length);
    const starts = new Uint8Array(payers.length * FIELD_BYTES);
    for (const [at, payer] of payers.entries()) {
      let ahead = this.#ahead.get(payer);
      if (ahead === undefined) {
        ahead = { number: this.#payersEver++, calls: 0 };
        this.#ahead.set(payer, ahead);
        starts.set(receiptChainOf(this.#ledger, payer), at * FIELD_BYTES);
      }
      ahead.calls += 1;
      numbers[at] = ahead.number;
    }
    const forgotten = Uint32Array.from(this.#forgotten.splice(0));
    const task: ReceiptTask = { forgotten, payers: numbers, starts, lengths, inputs };
    const chains = this.#thread
      .ask(task, [inputs.buffer])
      .then((hashes) => inCommandOrder(hashes, order));
    // Its error is met by whoever applies the commands; until then nobody waits for it.
    chains.catch(() => undefined);
    return { chains, applied: () => this.#applied(payers) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread[Symbol.asyncDispose]();
  }

  #applied(payers: readonly PublicKey[]): void {
    for (const payer of payers) {
      const ahead = this.#ahead.get(payer)!;
      ahead.calls -= 1;
      if (ahead.calls > 0) continue;
      this.#ahead.delete(payer);
      this.#forgotten.push(ahead.number);
    }
  }
}
