// The worker thread of `hash-threads.ts`: hashes what is sent to it, one piece after the other.

import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { type HashName, hashOfName } from "./hash-inputs.ts";

export interface HashTask {
  readonly number: number;
  readonly hash: HashName;
  readonly prefix: string;
  readonly inputs: Uint8Array;
  readonly pairs: number;
}

export interface HashAnswer {
  readonly number: number;
  readonly hashes: Uint8Array;
}

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;

port.on("message", ({ number, hash, prefix, inputs, pairs }: HashTask) => {
  const hashes = hashOfName[hash].hash(prefix, inputs, pairs);
  const answer: HashAnswer = { number, hashes };
  port.postMessage(answer, [hashes.buffer as ArrayBuffer]);
});
