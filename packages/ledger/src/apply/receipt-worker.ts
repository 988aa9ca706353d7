// The worker thread that extends receipt chains. Of payers whose chains nobody else knows yet it keeps
// the latest, until it is told that the ledger has it.

import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { FIELD_BYTES } from "@forklift/chain";
import { hashChains } from "../poseidon/hash-chains.ts";
import { permutationsDone } from "../poseidon/hash-inputs.ts";
import type { Answers } from "../threads/answering-thread.ts";
import { RECEIPT_RULES } from "./receipt-chain.ts";

export interface ReceiptTask {
  /** Numbers of payers whose chains the ledger has; before anything else of the task. */
  readonly forgotten: Uint32Array;
  /** Of every chain, whose latest hash is to be kept; empty keeps none. */
  readonly payers: Uint32Array;
  /** 32 bytes for each chain: what it goes on from, unless this thread knows its payer. */
  readonly starts: Uint8Array;
  /** Commands of each chain. */
  readonly lengths: Uint32Array;
  readonly inputs: Uint8Array;
}

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;
const latest = new Map<number, Uint8Array>();

port.on("message", ({ forgotten, payers, starts, lengths, inputs }: ReceiptTask) => {
  for (const payer of forgotten) latest.delete(payer);
  const from = Array.from(
    lengths,
    (_, at) =>
      latest.get(payers[at] ?? -1) ?? starts.subarray(at * FIELD_BYTES, (at + 1) * FIELD_BYTES),
  );
  const hashes = hashChains(RECEIPT_RULES, { inputs, lengths, starts: from });
  let end = 0;
  for (const [at, payer] of payers.entries()) {
    end += lengths[at]!;
    latest.set(payer, hashes.slice((end - 1) * FIELD_BYTES, end * FIELD_BYTES));
  }
  const answer: Answers<Uint8Array> = { answers: [hashes], permutations: permutationsDone() };
  port.postMessage(answer, [hashes.buffer as ArrayBuffer]);
});
