// The accounts of a ledger as the text of a JSON list, in pieces: here, or on a thread from a copy of
// them, while the ledger goes on.

import { Worker } from "node:worker_threads";
import { THREAD_MEMORY } from "../threads/thread-memory.ts";
import type { Account } from "./account.ts";
import { encodeAccountText } from "./account-json.ts";
import { accountAt } from "./account-objects.ts";
import { RECORD_BYTES } from "./account-record.ts";
import { AccountTable, CHUNK_ACCOUNTS } from "./account-table.ts";
import { Journal } from "./journal.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts")
    ? "../../dist/accounts/encoding-worker.js"
    : "./encoding-worker.js",
  import.meta.url,
);

/** Accounts of a piece: some 0.4 MB of JSON. */
const PIECE_ACCOUNTS = 500;

/** What stands between the brackets of the list, in UTF-8. */
export function* encodeAccounts(accounts: Iterable<Account>): Generator<Uint8Array> {
  let lines: string[] = [];
  let separator = "";
  for (const account of accounts) {
    lines.push(separator + encodeAccountText(account));
    separator = ",\n";
    if (lines.length < PIECE_ACCOUNTS) continue;
    yield Buffer.from(lines.join(""));
    lines = [];
  }
  if (lines.length > 0) yield Buffer.from(lines.join(""));
}

/** The accounts of records that stand one after the other, each made when it is its turn. */
export function* accountsOfRecords(records: Uint8Array): Generator<Account> {
  const pieceBytes = CHUNK_ACCOUNTS * RECORD_BYTES;
  for (let from = 0; from < records.length; from += pieceBytes) {
    const piece = records.subarray(from, from + pieceBytes);
    const table = new AccountTable(new Journal(), () => undefined);
    for (let index = 0; index * RECORD_BYTES < piece.length; index++) {
      table.putRecord(index, piece.subarray(index * RECORD_BYTES, (index + 1) * RECORD_BYTES));
      yield accountAt(table, index);
    }
  }
}

/**
 * The same text as of `encodeAccounts`. One piece is made ahead of the caller.
 * @param records of accounts, as `AccountTable.records` gives them; handed over.
 */
export async function* encodeOnThread(
  records: Uint8Array<ArrayBuffer>,
): AsyncGenerator<Uint8Array> {
  const worker = new Worker(WORKER_FILE, {
    workerData: records,
    transferList: [records.buffer],
    resourceLimits: THREAD_MEMORY,
  });
  try {
    for (let next = ask(worker); ; ) {
      const piece = await next;
      if (piece === null) return;
      next = ask(worker);
      // An error of it is thrown when it is its turn.
      next.catch(() => undefined);
      yield piece;
    }
  } finally {
    await worker.terminate();
  }
}

/** The next piece, or null when there is none. */
async function ask(worker: Worker): Promise<Uint8Array | null> {
  worker.postMessage("next");
  return await new Promise((resolve, reject) => {
    const settle = (end: () => void) => {
      worker.off("message", answered).off("error", failed).off("exit", ended);
      end();
    };
    const answered = (piece: Uint8Array | null) => settle(() => resolve(piece));
    const failed = (error: Error) => settle(() => reject(error));
    const ended = () => failed(new Error("the thread that encodes accounts has ended"));
    worker.on("message", answered).on("error", failed).on("exit", ended);
  });
}
