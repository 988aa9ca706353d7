import { UINT64_MAX } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import {
  InvalidTransactionError,
  type SingleTransfer,
  type Transaction,
} from "../src/block/transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import {
  ALICE,
  aliceAndBob,
  BOB,
  balances,
  CAROL,
  DAVE,
  MINA,
  slot,
  VESTING,
} from "./small-ledger.ts";

/** The schedule of VESTING has ended in this slot. */
const VESTED = 1300n;

const toAlice: SingleTransfer = { receiver: ALICE, fee: 2n * MINA };
const toBob: SingleTransfer = { receiver: BOB, fee: 3n * MINA };
const toCarol: SingleTransfer = { receiver: CAROL, fee: 4n * MINA };
const toDave: SingleTransfer = { receiver: DAVE, fee: 5n * MINA };

function bothVesting(): Ledger {
  return new Ledger([
    { ...newAccount(ALICE, 100n * MINA), timing: VESTING },
    { ...newAccount(BOB, 100n * MINA), timing: VESTING },
  ]);
}

function transfer(...transfers: [SingleTransfer] | [SingleTransfer, SingleTransfer]): Transaction {
  return { kind: "fee_transfer", transfers };
}

function coinbase(
  receiver: typeof ALICE,
  feeTransfer: SingleTransfer | null,
  amount = 720n * MINA,
) {
  return { kind: "coinbase", receiver, amount, feeTransfer } as const;
}

function apply(ledger: Ledger, transaction: Transaction, at = 10n) {
  return applyTransaction(ledger, transaction, slot(at));
}

function untimed(ledger: Ledger): boolean[] {
  return Array.from(ledger.accounts(), ({ timing }) => timing === null);
}

function expectInvalid(ledger: Ledger, transaction: Transaction, message: RegExp): void {
  const before = [...ledger.accounts()];
  expect(() => apply(ledger, transaction)).toThrow(InvalidTransactionError);
  expect(() => apply(ledger, transaction)).toThrow(message);
  expect([...ledger.accounts()]).toStrictEqual(before);
}

describe("a fee transfer", () => {
  test("to one credits the fee and ends a vesting that is over", () => {
    const ledger = bothVesting();
    expect(apply(ledger, transfer(toAlice), VESTED)).toMatchObject({ accessed: [0], created: [] });
    expect(balances(ledger)).toStrictEqual([102n * MINA, 100n * MINA]);
    expect(untimed(ledger)).toStrictEqual([true, false]);
  });

  test("leaves a vesting that goes on", () => {
    const ledger = bothVesting();
    apply(ledger, transfer(toAlice), VESTED - 1n);
    expect(untimed(ledger)).toStrictEqual([false, false]);
  });

  test("to two credits both and looks at the second one's vesting only", () => {
    const ledger = bothVesting();
    const outcome = apply(ledger, transfer(toAlice, toBob), VESTED);
    expect(outcome).toMatchObject({ accessed: [0, 1], created: [] });
    expect(balances(ledger)).toStrictEqual([102n * MINA, 103n * MINA]);
    expect(untimed(ledger)).toStrictEqual([false, true]);
  });

  test("opens accounts in the order of the pair, each for its creation fee", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, transfer(toDave, toCarol));
    expect(outcome).toMatchObject({ accessed: [2, 3], created: [2, 3] });
    expect(ledger.account(2)).toStrictEqual(newAccount(DAVE, (5n - 1n) * MINA));
    expect(ledger.account(3)).toStrictEqual(newAccount(CAROL, (4n - 1n) * MINA));
  });

  test("names only the new one of a pair as created", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, transfer(toCarol, toBob));
    expect(outcome).toMatchObject({ accessed: [2, 1], created: [2] });
  });

  test("to the same receiver twice is one of both fees", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, transfer(toCarol, { receiver: CAROL, fee: 1n }));
    expect(outcome).toMatchObject({ accessed: [2], created: [2] });
    expect(ledger.account(2).balance).toBe(3n * MINA + 1n);
  });

  test("that cannot open its receiver's account makes the block invalid", () => {
    const poor = { receiver: CAROL, fee: MINA - 1n };
    expectInvalid(aliceAndBob(), transfer(poor), /expected at least 1000000000/);
    expectInvalid(aliceAndBob(), transfer(toDave, poor), /expected at least 1000000000/);
  });

  test("that overflows a balance makes the block invalid", () => {
    const ledger = new Ledger([newAccount(ALICE, UINT64_MAX)]);
    expectInvalid(ledger, transfer(toAlice), /expected at most 0/);
  });
});

describe("a coinbase", () => {
  test("credits its receiver and ends a vesting that is over", () => {
    const ledger = bothVesting();
    const outcome = apply(ledger, coinbase(ALICE, null), VESTED);
    expect(outcome).toMatchObject({ status: "applied", accessed: [0], created: [] });
    expect(balances(ledger)).toStrictEqual([(100n + 720n) * MINA, 100n * MINA]);
    expect(untimed(ledger)).toStrictEqual([true, false]);
  });

  test("opens its receiver's account for the creation fee", () => {
    const ledger = aliceAndBob();
    expect(apply(ledger, coinbase(CAROL, null)).created).toStrictEqual([2]);
    expect(ledger.account(2)).toStrictEqual(newAccount(CAROL, (720n - 1n) * MINA));
  });

  test("with a fee transfer pays the fee from it and looks at its transferee's vesting", () => {
    const ledger = bothVesting();
    const outcome = apply(ledger, coinbase(ALICE, toBob), VESTED);
    expect(balances(ledger)).toStrictEqual([(100n + 720n - 3n) * MINA, (100n + 3n) * MINA]);
    expect(untimed(ledger)).toStrictEqual([false, true]);
    expect(outcome).toMatchObject({ accessed: [0, 1], created: [] });
  });

  test("with a fee transfer opens the transferee's account before the receiver's", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, coinbase(CAROL, toDave));
    expect(ledger.account(2)).toStrictEqual(newAccount(DAVE, (5n - 1n) * MINA));
    expect(ledger.account(3)).toStrictEqual(newAccount(CAROL, (720n - 5n - 1n) * MINA));
    expect(outcome).toMatchObject({ accessed: [3, 2], created: [2, 3] });
  });

  test.each([
    ["cannot open the receiver's account", coinbase(CAROL, null, MINA - 1n), /at least 1000000000/],
    [
      "cannot open the receiver's account after the fee",
      coinbase(CAROL, toDave, 6n * MINA - 1n),
      /at least 1000000000/,
    ],
    [
      "cannot open the transferee's account",
      coinbase(ALICE, { receiver: CAROL, fee: 1n }),
      /at least 1000000000/,
    ],
    ["is less than the fee it pays", coinbase(ALICE, toBob, 3n * MINA - 1n), /no more than/],
    ["pays a fee to its own receiver", coinbase(BOB, toBob), /expected another receiver/],
  ])("that %s makes the block invalid", (_, transaction, message) => {
    expectInvalid(aliceAndBob(), transaction, message);
  });
});
