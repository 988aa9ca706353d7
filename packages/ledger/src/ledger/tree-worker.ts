// The worker thread of a ledger tree: follows a ledger, and answers with its hashes. Questions that have
// come while others were worked at are answered together.

import assert from "node:assert/strict";
import { parentPort, workerData } from "node:worker_threads";
import { permutationsDone } from "../poseidon/hash-inputs.ts";
import type { Answers } from "../threads/answering-thread.ts";
import { HashPool } from "../tree/hash-pool.ts";
import { type TreeAnswer, TreeAnswers, type TreeTask } from "./tree-answers.ts";

export interface TreeOptions {
  /** Threads that hash beside this one. */
  readonly helpers: number;
  /** Blocks that wait for each other at most. */
  readonly windowBlocks: number;
}

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;
const { helpers, windowBlocks } = workerData as TreeOptions;
const pool = new HashPool(helpers);
const tree = new TreeAnswers(pool.hash, windowBlocks);
let isRestDue = false;

/** What waits is answered once every message that is here already has been read. */
port.on("message", (task: TreeTask) => {
  answer(tree.take(task));
  if (isRestDue) return;
  isRestDue = true;
  setImmediate(() => {
    isRestDue = false;
    answer(tree.rest());
  });
});

function answer(answers: readonly TreeAnswer[]): void {
  if (answers.length === 0) return;
  const message: Answers<TreeAnswer> = {
    answers,
    permutations: permutationsDone() + pool.permutationsElsewhere,
  };
  const handedOver = answers.filter((value) => typeof value !== "string");
  port.postMessage(
    message,
    handedOver.map(({ buffer }) => buffer as ArrayBuffer),
  );
}
