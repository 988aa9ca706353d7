import { mkdir, open, readFile, writeFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { exitCodeOf, ForkliftError, firstError } from "../src/index.ts";

/** What the machine really throws. */
async function raised(work: () => Promise<unknown>): Promise<unknown> {
  return await work().then(
    () => null,
    (error: unknown) => error,
  );
}

const LONG = "a".repeat(300);

describe("an error of the machine", () => {
  test.each<[string, () => Promise<unknown>, number, string]>([
    ["ENOTDIR", () => mkdir("/dev/null/x"), 78, "make the folder /dev/null/x: ENOTDIR (a part"],
    ["ENOENT", () => open("/nowhere/x"), 78, "open /nowhere/x: ENOENT (it does not exist"],
    ["EISDIR", () => readFile("/tmp"), 78, "read: EISDIR (it is a folder, expected a file)"],
    ["ENAMETOOLONG", () => open(`/tmp/${LONG}`), 78, "open /tmp/aaa"],
    ["EEXIST", () => mkdir("/tmp"), 78, "make the folder /tmp: EEXIST (there is a file"],
    ["ENOSPC", () => writeFile("/dev/full", "x"), 75, "write: ENOSPC (no space is left)"],
  ])(
    "%s has an exit code and a next step wherever it was thrown",
    async (_name, work, exit, says) => {
      const error = await raised(work);
      expect(exitCodeOf(error)).toBe(exit);
      const first = firstError(error) as ForkliftError;
      expect(first).toBeInstanceOf(ForkliftError);
      expect(first.message).toContain(`cannot ${says}`);
      expect(first.hint).toEqual(expect.any(String));
      expect(first.cause).toBe(error);
      // Details that are added to it stay.
      expect(firstError(error)).toBe(first);
    },
  );

  test("is one of memory when the engine has none left", () => {
    const text = "x".repeat(2 ** 20);
    let error: unknown = null;
    try {
      text.repeat(2 ** 20);
    } catch (thrown) {
      error = thrown;
    }
    expect(exitCodeOf(error)).toBe(78);
    expect((firstError(error) as ForkliftError).message).toMatch(
      /^no memory is left: Invalid string/,
    );
  });

  test.each([
    ["EMFILE", 78, "cannot start a thread: EMFILE (this process may open no more files)"],
    ["EAGAIN", 75, "cannot start a thread: EAGAIN (the machine has no process or memory to spare)"],
    ["ENOMEM", 75, "cannot start a thread: ENOMEM (no memory is left)"],
  ])("is seen where no thread can be started: %s", (cause, exit, says) => {
    // As Node.js makes it: without a syscall, the cause in its message alone.
    const error = Object.assign(new Error(`Worker initialization failure: ${cause}`), {
      code: "ERR_WORKER_INIT_FAILED",
    });
    expect(exitCodeOf(error)).toBe(exit);
    expect((firstError(error) as ForkliftError).message).toBe(says);
  });

  test.each([
    ["a mistake of ours", new TypeError("x is not a function")],
    ["a range of ours", new RangeError("toString() radix must be between 2 and 36")],
    ["a library's own code", Object.assign(new Error("x"), { code: "ENOENT" })],
    ["no error", "ENOENT"],
  ])("is not seen in %s", (_name, error) => {
    expect(firstError(error)).toBe(error);
    expect(exitCodeOf(error)).toBe(70);
  });
});
