import { FIELD_BYTES } from "@forklift/chain";
import { expect, test } from "vitest";
import { HashArray } from "../src/hash-array.ts";

function hash(byte: number): Uint8Array {
  return new Uint8Array(FIELD_BYTES).fill(byte);
}

test("an array of hashes holds its filler wherever none was set, however it has grown", () => {
  const hashes = new HashArray(hash(0xee));
  expect(hashes.length).toBe(0);
  expect(hashes.at(0)).toStrictEqual(hash(0xee));
  hashes.set(6, hash(6));
  hashes.set(1, hash(1));
  hashes.set(40, hash(40));
  expect(hashes.length).toBe(41);
  for (let index = 0; index < 42; index++) {
    const expected = [1, 6, 40].includes(index) ? index : 0xee;
    expect(hashes.at(index)).toStrictEqual(hash(expected));
  }
  expect(hashes.pair(0)).toStrictEqual(Uint8Array.from([...hash(0xee), ...hash(1)]));
  expect(hashes.pair(20)).toStrictEqual(Uint8Array.from([...hash(40), ...hash(0xee)]));
});
