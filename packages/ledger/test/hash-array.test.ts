import { FIELD_BYTES } from "@forklift/chain";
import { expect, test } from "vitest";
import { Journal } from "../src/accounts/journal.ts";
import { HashArray } from "../src/tree/hash-array.ts";
import { wordsOf } from "../src/tree/hash-words.ts";

function hash(byte: number): Uint8Array {
  return new Uint8Array(FIELD_BYTES).fill(byte);
}

function put(hashes: HashArray, index: number, value: Uint8Array): void {
  hashes.set(index, wordsOf(value), 0);
}

function set(hashes: HashArray, ...bytes: number[]): void {
  for (const byte of bytes) put(hashes, byte, hash(byte));
}

test("an array of hashes holds its filler wherever none was set, however it has grown", () => {
  const hashes = new HashArray(hash(0xee), new Journal());
  expect(hashes.at(0)).toStrictEqual(hash(0xee));
  set(hashes, 6);
  set(hashes, 1, 40);
  for (let index = 0; index < 42; index++) {
    const expected = [1, 6, 40].includes(index) ? index : 0xee;
    expect(hashes.at(index)).toStrictEqual(hash(expected));
  }
  hashes.reserve(100);
  expect(hashes.at(100)).toStrictEqual(hash(0xee));
  expect(hashes.first(2)).toStrictEqual(Uint8Array.from([...hash(0xee), ...hash(1)]));
});

test("rolling back brings the filler and the earlier hashes back, however it has grown", () => {
  const journal = new Journal();
  const hashes = new HashArray(hash(0xee), journal);
  set(hashes, 1);
  const mark = journal.mark();
  put(hashes, 1, hash(7));
  set(hashes, 2, 100);
  put(hashes, 1, hash(8));
  journal.rollBack(mark);
  for (let index = 0; index < 101; index++) {
    expect(hashes.at(index)).toStrictEqual(hash(index === 1 ? 1 : 0xee));
  }
});
