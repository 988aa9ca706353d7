// Chooses where the hashes of a ledger are computed: on the caller's thread whenever it waits, or on threads
// of their own. Either way the accounts of the next blocks may be changed meanwhile.

import { AnsweringThread } from "../threads/answering-thread.ts";
import { THREAD_MEMORY } from "../threads/thread-memory.ts";
import { FollowedTree } from "./followed-tree.ts";
import type { Ledger } from "./ledger.ts";
import type { LedgerTree } from "./ledger-tree.ts";
import type { TreeAnswer, TreeTask } from "./tree-answers.ts";
import { WINDOW_BLOCKS_MAX } from "./tree-follower.ts";
import { TreeHere } from "./tree-here.ts";
import type { TreeOptions } from "./tree-worker.ts";

/** Threads run JavaScript, so where the sources are run as they are, it is the built file's. */
const WORKER_FILE = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/ledger/tree-worker.js" : "./tree-worker.js",
  import.meta.url,
);

/**
 * @param ledger whose hashes are requested nowhere else from now on.
 * @param threads 1 hashes on the caller's thread. More hash beside it, the hashes of several blocks
 * shared out among them.
 * @param windowBlocks whose hashes are computed together, at most.
 */
export function openLedgerTree(
  ledger: Ledger,
  threads: number,
  windowBlocks = WINDOW_BLOCKS_MAX,
): LedgerTree {
  const isHere = threads <= 1;
  return new FollowedTree(
    ledger,
    isHere ? new TreeHere(windowBlocks) : threadOf({ helpers: threads - 1, windowBlocks }),
  );
}

function threadOf(workerData: TreeOptions) {
  return new AnsweringThread<TreeTask, TreeAnswer>(WORKER_FILE, "the thread of the ledger tree", {
    workerData,
    resourceLimits: THREAD_MEMORY,
  });
}
