// What an account takes in memory, tree and all, as the difference between a ledger and one twice as
// large: each in a process of its own, so that nothing but the ledger differs.
//
// node --expose-gc account-memory.js COUNT prints the bytes that a process holds with such a ledger.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { madeUpLedger } from "./made-up-ledger.js";

const PROGRAM = fileURLToPath(import.meta.url);

const BYTES_IN_MB = 1_000_000;

export function mbPer100k(accountCount) {
  const held = (count) =>
    Number(execFileSync(process.execPath, ["--expose-gc", PROGRAM, String(count)]));
  const bytes = held(2 * accountCount) - held(accountCount);
  return (bytes * (100_000 / accountCount)) / BYTES_IN_MB;
}

if (process.argv[1] === PROGRAM) {
  const ledger = madeUpLedger(Number(process.argv[2]));
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  // Asked for last, so that the ledger is still there when its memory is counted.
  console.log(heapUsed + external - (ledger.accountCount - Number(process.argv[2])));
}
