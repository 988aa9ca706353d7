// The worker thread of `tree-thread.ts`: follows a ledger, and answers with its hashes.

import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { RECORD_BYTES } from "./account-record.ts";
import { permutationsDone } from "./hash-inputs.ts";
import { Ledger } from "./ledger.ts";

export type TreeTask =
  | {
      /** Ascending. */
      readonly indexes: Uint32Array;
      /** One after the other, in the order of the indexes. */
      readonly records: Uint8Array;
    }
  | {
      /** Of all accounts that were sent. */
      readonly leafHashes: Uint8Array;
    }
  | { readonly question: TreeQuestion };

export type TreeQuestion = "ledgerHash" | "berkeleyLedgerHash" | "leafHashes";

export interface TreeAnswer {
  readonly value: string | Uint8Array;
  /** Done by this thread since it began. */
  readonly permutations: number;
}

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;
const ledger = new Ledger();

port.on("message", (task: TreeTask) => {
  if ("indexes" in task) follow(task.indexes, task.records);
  else if ("leafHashes" in task) ledger.buildOn(task.leafHashes);
  else {
    const value = ledger[task.question]();
    const answer: TreeAnswer = { value, permutations: permutationsDone() };
    port.postMessage(answer, typeof value === "string" ? [] : [value.buffer as ArrayBuffer]);
  }
});

function follow(indexes: Uint32Array, records: Uint8Array): void {
  for (const [at, index] of indexes.entries()) {
    ledger.table.putRecord(index, records.subarray(at * RECORD_BYTES, (at + 1) * RECORD_BYTES));
  }
}
