// Gives a program its input, and reads that to its end whether or not the program does.

import { once } from "node:events";
import type { Writable } from "node:stream";

export interface Feeding {
  /** Rejects with what the input fails with; that the program stopped reading is no failure. */
  readonly done: Promise<void>;
  /** Nothing more is read after the chunk that is under way. */
  stop(): void;
}

/**
 * A program that has seen enough ends before its input does. What follows is read all the same: a
 * checksum behind it is still to be compared.
 */
export function feed(input: AsyncIterable<Uint8Array> | undefined, to: Writable | null): Feeding {
  let isStopped = false;
  // Reports a closed pipe, which the program's own end explains.
  to?.on("error", () => undefined);
  async function run() {
    if (input === undefined) return;
    try {
      for await (const chunk of input) {
        if (isStopped) return;
        if (to?.writable === true && !to.write(chunk)) await drained(to);
      }
    } finally {
      to?.end();
    }
  }
  const done = run();
  done.catch(() => undefined);
  return {
    done,
    stop() {
      isStopped = true;
    },
  };
}

async function drained(to: Writable): Promise<void> {
  const stop = new AbortController();
  const { signal } = stop;
  const events = ["drain", "close"].map((event) => once(to, event, { signal }));
  await Promise.race(events.map((event) => event.catch(() => undefined)));
  stop.abort();
}
