// The worker thread of `encoded-accounts.ts`: gives a piece whenever it is asked, and null at the end.

import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { accountsOfRecords, encodeAccounts } from "./encoded-accounts.ts";

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;
const pieces = encodeAccounts(accountsOfRecords(workerData as Uint8Array));

port.on("message", () => {
  const { value, done } = pieces.next();
  port.postMessage(done === true ? null : value);
});
