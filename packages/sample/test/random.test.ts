import { bytesOfMemo, FIELD_MODULUS } from "@forklift/chain";
import { expect, test } from "vitest";
import { createRandom, createXoshiro } from "../src/random.ts";
import { randomMemo } from "../src/random-texts.ts";

test("the generator gives the numbers of the C reference for the same state", () => {
  const next = createXoshiro([0x964d4a0c, 0xd40ab895, 0xad7fdecb, 0x3006f0f0]);
  expect(Array.from({ length: 4 }, next)).toStrictEqual([
    0xf1391922, 0x6fe53806, 0xa5be2840, 0xf510ee70,
  ]);
});

test("a seed gives the same numbers in every release, since samples are told apart by it", () => {
  const random = createRandom(1);
  expect(Array.from({ length: 4 }, () => random.below(2 ** 32))).toStrictEqual([
    393288148, 2174103013, 3814759091, 2092745082,
  ]);
});

test("seeds that differ above their 32nd bit differ", () => {
  const first = (seed: number) => Buffer.from(createRandom(seed).bytes(16)).toString("hex");
  expect(new Set([1, 2, 2 ** 32 + 1, 2 ** 40].map(first)).size).toBe(4);
});

test("numbers below a limit are all drawn, about as often", () => {
  const random = createRandom(3);
  const counts = new Array<number>(7).fill(0);
  for (let draw = 0; draw < 70_000; draw++) counts[random.below(7)]! += 1;
  expect(Math.min(...counts)).toBeGreaterThan(9_600);
  expect(Math.max(...counts)).toBeLessThan(10_400);
});

test("big numbers stay below their limit and reach its upper half", () => {
  const random = createRandom(4);
  const limit = FIELD_MODULUS;
  const draws = Array.from({ length: 200 }, () => random.bigBelow(limit));
  expect(draws.every((draw) => draw >= 0n && draw < limit)).toBe(true);
  expect(draws.filter((draw) => draw > limit / 2n).length).toBeGreaterThan(60);
  expect(random.bigBelow(1n)).toBe(0n);
  expect(() => random.bigBelow(0n)).toThrow(RangeError);
});

test("shuffling loses nothing and changes the order", () => {
  const list = Array.from({ length: 30 }, (_, index) => index);
  const shuffled = createRandom(5).shuffled(list);
  expect(shuffled).not.toStrictEqual(list);
  expect(shuffled.toSorted((a, b) => a - b)).toStrictEqual(list);
});

test("memos have 34 bytes, their length, and nothing behind it", () => {
  const random = createRandom(7);
  for (let memo = 0; memo < 200; memo++) {
    const [tag, length, ...content] = bytesOfMemo(randomMemo(random));
    expect([0, 1]).toContain(tag);
    expect(content.slice(length).every((byte) => byte === 0)).toBe(true);
  }
});
