// The worker thread: verifies the blocks that are sent to it, those that wait together at once.

import assert from "node:assert/strict";
import { parentPort, receiveMessageOnPort } from "node:worker_threads";
import { FormatError } from "@forklift/chain";
import { CutBlockError } from "./refusal.ts";
import { type BlockClaim, type BlockContent, verifyBlocks } from "./verify-block.ts";

export interface VerifyTask extends BlockClaim {
  readonly number: number;
}

/** An error loses its class on the way between threads, so what was found wrong goes as data. */
export type VerifyAnswer = { readonly number: number } & (
  | { readonly content: BlockContent }
  | { readonly refused: string; readonly isCut: boolean }
);

/** Side by side is two by two; beyond a few, an answer would only come later. */
const BLOCKS_AT_ONCE = 4;

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;

port.on("message", (first: VerifyTask) => {
  const tasks = [first];
  while (tasks.length < BLOCKS_AT_ONCE) {
    const next = receiveMessageOnPort(port);
    if (next === undefined) break;
    tasks.push(next.message as VerifyTask);
  }
  // Any error that is no verdict is our bug: it ends the worker, which the pool passes on.
  const verdicts = verifyBlocks(tasks);
  port.postMessage(tasks.map(({ number }, at) => answer(number, verdicts[at]!)));
});

function answer(number: number, verdict: BlockContent | FormatError): VerifyAnswer {
  if (!(verdict instanceof FormatError)) return { number, content: verdict };
  return { number, refused: verdict.message, isCut: verdict instanceof CutBlockError };
}
