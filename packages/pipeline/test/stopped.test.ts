// A run that a signal has ended says what the same command does next, and only what is true of it.

import { describe, expect, test } from "vitest";
import {
  addDetails,
  againAfter,
  EXIT,
  exitCodeOf,
  RUN_AGAIN,
  SourceDataError,
  StoppedError,
  stoppable,
  TryAgainError,
  throwIfStopped,
} from "../src/index.ts";

const SIGNAL = new AbortController().signal;

const stop = async () => throwIfStopped(AbortSignal.abort(), "copy-blocks");

describe("work that was stopped", () => {
  test("promises nothing by itself: it does not know whether its run continues", async () => {
    await expect(stop()).rejects.toMatchObject({
      message: "stopped by a signal during copy-blocks",
      hint: "run the same command again",
      name: "TryAgainError",
    });
  });

  test.each(Object.values(RUN_AGAIN))("says what its command says of it: %s", async (again) => {
    const error: unknown = await stoppable(again, SIGNAL, stop).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ message: "stopped by a signal during copy-blocks", hint: again });
    expect(exitCodeOf(error)).toBe(EXIT.tryAgain);
  });

  test("is told of by whoever cannot wait for its end, as by itself", async () => {
    const { signal } = new AbortController();
    expect(againAfter(signal)).toBe("run the same command again");
    await stoppable("begin anew", signal, async () => {
      expect(againAfter(signal)).toBe("begin anew");
    });
  });

  test("keeps its details, also beside a fault of the cleaning up", async () => {
    const work = async () => {
      await using _opened = {
        [Symbol.asyncDispose]: () => Promise.reject(new Error("not closed")),
      };
      const error = new StoppedError("stopped");
      addDetails(error, { blockSources: [] });
      throw error;
    };
    await expect(stoppable("begin anew", SIGNAL, work)).rejects.toMatchObject({
      ...{ message: "stopped", hint: "begin anew", details: { blockSources: [] } },
    });
  });

  test.each([
    new TryAgainError("a lock is held", { hint: "wait" }),
    new SourceDataError("a gap", { hint: "fill it" }),
    "a text",
  ])("is no other failure: %s", async (other) => {
    await expect(stoppable("begin anew", SIGNAL, () => Promise.reject(other))).rejects.toBe(other);
  });

  test("is none that succeeds, and none whose signal is silent", async () => {
    expect(await stoppable("begin anew", SIGNAL, async () => 7)).toBe(7);
    expect(() => throwIfStopped(new AbortController().signal, "copy")).not.toThrow();
    expect(() => throwIfStopped(undefined, "copy")).not.toThrow();
  });
});
