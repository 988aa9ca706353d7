// Extends receipt chains that are known to begin with: those of many blocks together, side by side, on a
// thread of its own where there is one.

import { FIELD_BYTES, type PublicKey, type UserCommand } from "@forklift/chain";
import { hashChains } from "../poseidon/hash-chains.ts";
import { inCommandOrder, RECEIPT_RULES, receiptInputs } from "./receipt-chain.ts";
import { startReceiptWorker } from "./receipt-thread.ts";

/** Commands hashed together: the work of some 15 milliseconds. */
const COMMANDS_AT_ONCE_MAX = 256;

const NONE = new Uint32Array(0);

/** Commands whose chains are waited for. */
interface Waiting {
  readonly lengths: Uint32Array;
  readonly inputs: Uint8Array;
  readonly order: Uint32Array;
  readonly starts: readonly Uint8Array[];
  readonly resolve: (chains: readonly Uint8Array[]) => void;
  readonly reject: (error: unknown) => void;
}

export class ReceiptBatches implements AsyncDisposable {
  readonly #thread: ReturnType<typeof startReceiptWorker> | null;
  #waiting: Waiting[] = [];
  #commands = 0;

  /** @param threads 1 hashes on the caller's thread, once it is idle. */
  constructor(threads: number) {
    this.#thread = threads > 1 ? startReceiptWorker() : null;
  }

  /**
   * The chains that some commands leave in their fee payers, in the order of the commands. The caller
   * bounds how many are waited for at once.
   * @param chainBefore 32 bytes: that of a fee payer before the first of its commands.
   * @throws FormatError for a malformed key or memo, RangeError for a number that is too wide.
   */
  extend(
    commands: readonly UserCommand[],
    chainBefore: (payer: PublicKey) => Uint8Array,
  ): Promise<readonly Uint8Array[]> {
    const { payers, lengths, inputs, order } = receiptInputs(commands);
    const starts = payers.map(chainBefore);
    const chains = new Promise<readonly Uint8Array[]>((resolve, reject) => {
      this.#waiting.push({ lengths, inputs, order, starts, resolve, reject });
    });
    this.#commands += commands.length;
    if (this.#commands >= COMMANDS_AT_ONCE_MAX) this.#hashWaiting();
    else if (this.#waiting.length === 1) setImmediate(() => this.#hashWaiting());
    return chains;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#thread?.[Symbol.asyncDispose]();
  }

  #hashWaiting(): void {
    const all = this.#waiting;
    this.#waiting = [];
    this.#commands = 0;
    if (all.length === 0) return;
    const lengths = Uint32Array.from(all.flatMap((each) => [...each.lengths]));
    const inputs = joined(all.map((each) => each.inputs));
    const starts = all.flatMap((each) => each.starts);
    void this.#hash(lengths, inputs, starts).then(
      (hashes) => {
        let at = 0;
        for (const { order, resolve } of all) {
          const end = at + order.length;
          resolve(inCommandOrder(hashes.subarray(at * FIELD_BYTES, end * FIELD_BYTES), order));
          at = end;
        }
      },
      (error: unknown) => {
        for (const { reject } of all) reject(error);
      },
    );
  }

  /** In the order of the inputs, 32 bytes each. */
  async #hash(
    lengths: Uint32Array,
    inputs: Uint8Array<ArrayBuffer>,
    starts: readonly Uint8Array[],
  ): Promise<Uint8Array> {
    if (this.#thread === null) return hashChains(RECEIPT_RULES, { inputs, lengths, starts });
    const known = { forgotten: NONE, payers: NONE, starts: joined(starts) };
    return await this.#thread.ask({ ...known, lengths, inputs }, [inputs.buffer]);
  }
}

/** In memory of its own, which can be handed over. */
function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
