import { FIELD_BYTES } from "@forklift/chain";
import fc from "fast-check";
import { expect, test } from "vitest";
import { hashKey, type IndexedKeys, KeyIndex } from "../src/accounts/key-index.ts";

interface Key {
  readonly x: Uint8Array;
  readonly isOdd: boolean;
}

function key(number: number, isOdd: boolean): Key {
  const x = new Uint8Array(FIELD_BYTES);
  new DataView(x.buffer).setUint32(0, number, true);
  return { x, isOdd };
}

function indexOver(keys: readonly Key[], hashOf: (key: Key) => number): KeyIndex {
  const source: IndexedKeys = {
    keyHash: (index) => hashOf(keys[index]!),
    hasKey: (index, x, isOdd) => {
      const known = keys[index]!;
      return known.isOdd === isOdd && Buffer.from(known.x).equals(x);
    },
  };
  return new KeyIndex(source);
}

test("keys are found while they are there, whatever came and went", () => {
  const moves = fc.array(fc.integer({ min: -12, max: 30 }), { maxLength: 60 });
  fc.assert(
    fc.property(moves, (sequence) => {
      const keys: Key[] = [];
      const index = indexOver(keys, ({ x, isOdd }) => hashKey(x, isOdd));
      const all = Array.from({ length: 400 }, (_, number) => key(number >> 1, number % 2 === 1));
      for (const move of sequence) {
        for (let step = 0; step < move && keys.length < all.length; step++) {
          keys.push(all[keys.length]!);
          index.add();
        }
        for (let step = 0; step > move && keys.length > 0; step--) {
          index.removeLast();
          keys.pop();
        }
        const expected = all.map((_, number) => (number < keys.length ? number : -1));
        expect(all.map(({ x, isOdd }) => index.find(x, isOdd))).toStrictEqual(expected);
      }
    }),
    { numRuns: 50 },
  );
});

test("the hash of a key depends on each of its bytes, and on its parity", () => {
  const base = new Uint8Array(FIELD_BYTES);
  const hashes = new Set([hashKey(base, false), hashKey(base, true)]);
  for (let at = 0; at < FIELD_BYTES; at++) hashes.add(hashKey(base.with(at, 1), false));
  expect(hashes.size).toBe(FIELD_BYTES + 2);
});
