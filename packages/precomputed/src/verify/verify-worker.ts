// The worker thread: verifies the blocks that are sent to it together, side by side.

import assert from "node:assert/strict";
import { parentPort } from "node:worker_threads";
import { FormatError } from "@forklift/chain";
import type { Answers } from "@forklift/ledger";
import { TruncatedBlockError } from "./truncated-block-error.ts";
import { type BlockContent, type TextClaim, verifyTexts } from "./verify-block.ts";

export type VerifyTask = readonly TextClaim[];

/** Of each block. An error loses its class on the way between threads, so it goes as data. */
export type Verdict =
  | { readonly content: BlockContent }
  | { readonly refused: string; readonly isCut: boolean };

assert(parentPort !== null, "this file is the beginning of a worker thread");
const port = parentPort;

port.on("message", (task: VerifyTask) => {
  // Any error that is no verdict is our bug: it ends the worker, which the pool passes on.
  const answer = verifyTexts(task).map(verdictOf);
  port.postMessage({ answers: [answer], permutations: 0 } satisfies Answers<readonly Verdict[]>);
});

function verdictOf(verified: BlockContent | FormatError): Verdict {
  if (!(verified instanceof FormatError)) return { content: verified };
  return { refused: verified.message, isCut: verified instanceof TruncatedBlockError };
}
