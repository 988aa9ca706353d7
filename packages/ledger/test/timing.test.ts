import { describe, expect, test } from "vitest";
import { minimumBalance } from "../src/apply/timing.ts";
import { MINA, slot, VESTING } from "./small-ledger.ts";

describe("the minimum balance", () => {
  test.each([
    [0n, 50n, "is the initial one at first"],
    [999n, 50n, "is the initial one in the last slot before the cliff"],
    [1000n, 30n, "falls by the cliff amount in the slot of the cliff"],
    [1099n, 30n, "stays until the period is full"],
    [1100n, 20n, "falls by the increment when it is"],
    [1200n, 10n, "falls again a period later"],
    [1300n, 0n, "reaches zero"],
    [4_294_967_295n, 0n, "stays zero for ever"],
  ])("in slot %s of %s MINA %s", (at, expected) => {
    expect(minimumBalance(VESTING, slot(at))).toBe(expected * MINA);
  });

  test("is zero from the cliff on when there is no period", () => {
    const atOnce = { ...VESTING, vestingPeriod: 0n };
    expect(minimumBalance(atOnce, slot(999n))).toBe(50n * MINA);
    expect(minimumBalance(atOnce, slot(1000n))).toBe(0n);
  });

  test("is zero from the cliff on when the cliff frees more than was locked", () => {
    expect(minimumBalance({ ...VESTING, cliffAmount: 51n * MINA }, slot(1000n))).toBe(0n);
  });

  test("is not reached round the back by an increment beyond 64 bits", () => {
    const huge = { ...VESTING, vestingIncrement: 2n ** 64n - 1n, vestingPeriod: 1n };
    expect(minimumBalance(huge, slot(4_294_967_295n))).toBe(0n);
  });

  test("never falls without an increment", () => {
    const held = { ...VESTING, vestingIncrement: 0n };
    expect(minimumBalance(held, slot(4_294_967_295n))).toBe(30n * MINA);
  });
});
