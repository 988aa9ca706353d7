import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { readAhead } from "../src/read-ahead.ts";

const one = () => 1;

describe("reading ahead", () => {
  test("gives the same items in the same order", async () => {
    async function* items() {
      for (let at = 0; at < 100; at++) {
        if (at % 7 === 0) await nextTurn();
        yield at;
      }
    }
    const read: number[] = [];
    for await (const item of readAhead(items(), { weightOf: one, weightMax: 5 })) {
      if (item % 11 === 0) await nextTurn();
      read.push(item);
    }
    expect(read).toStrictEqual(Array.from({ length: 100 }, (_, at) => at));
  });

  test("goes on while an item is in use, up to the limit", async () => {
    let made = 0;
    async function* items() {
      for (;;) yield ++made;
    }
    const ahead = readAhead(items(), { weightOf: (item) => item, weightMax: 10 });
    expect((await ahead.next()).value).toBe(1);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    // 2 + 3 + 4 are below ten, with 5 they are not.
    expect(made).toBe(5);
    expect((await ahead.next()).value).toBe(2);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(made).toBe(5);
    expect((await ahead.next()).value).toBe(3);
    for (let turn = 0; turn < 20; turn++) await nextTurn();
    expect(made).toBe(6);
    await ahead.return(undefined);
  });

  test("gives an error where its item would have come", async () => {
    async function* items() {
      yield "sound";
      throw new Error("broken");
    }
    const ahead = readAhead(items(), { weightOf: one, weightMax: 5 });
    expect((await ahead.next()).value).toBe("sound");
    await expect(ahead.next()).rejects.toThrow("broken");
  });

  test("that is left early ends the items, also while it waits", async () => {
    let isClosed = false;
    async function* items() {
      try {
        for (let at = 0; ; at++) yield at;
      } finally {
        isClosed = true;
      }
    }
    for await (const item of readAhead(items(), { weightOf: one, weightMax: 3 })) {
      if (item === 5) break;
    }
    expect(isClosed).toBe(true);
  });
});
