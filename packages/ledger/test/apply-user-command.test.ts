import { fieldBytesOfHash, hashTextOfBytes, UINT64_MAX } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { EMPTY_RECEIPT_CHAIN_HASH, newAccount } from "../src/accounts/account.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { SELF_PAYMENT_CHECK_SLOT } from "../src/apply/apply-user-command.ts";
import { extendReceiptChain } from "../src/apply/receipt-chain.ts";
import { type ApplyOptions, InvalidTransactionError } from "../src/block/transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import {
  ALICE,
  aliceAndBob,
  BOB,
  balances,
  CAROL,
  command,
  DAVE,
  MINA,
  slot,
  VESTING,
} from "./small-ledger.ts";

const EMPTY_RECEIPT_CHAIN = fieldBytesOfHash("receiptChainHash", EMPTY_RECEIPT_CHAIN_HASH);

function apply(
  ledger: Ledger,
  changes: Parameters<typeof command>[0] = {},
  at = 10n,
  options: ApplyOptions = {},
) {
  const userCommand = command(changes);
  return applyTransaction(
    ledger,
    { kind: "user_command", command: userCommand },
    slot(at),
    options,
  );
}

function expectInvalid(ledger: Ledger, run: () => unknown, message: RegExp): void {
  const before = [...ledger.accounts()];
  expect(run).toThrow(InvalidTransactionError);
  expect(run).toThrow(message);
  expect([...ledger.accounts()], "an invalid command leaves no trace").toStrictEqual(before);
}

describe("a payment", () => {
  test("moves the amount, and the fee leaves the payer as well", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger);
    expect(balances(ledger)).toStrictEqual([(100n - 5n - 1n) * MINA, (10n + 5n) * MINA]);
    expect(outcome).toStrictEqual({
      status: "applied",
      failureReason: null,
      accessed: [0, 1],
      created: [],
    });
  });

  test("advances the payer's nonce and receipt chain, and nobody else's", () => {
    const ledger = aliceAndBob();
    apply(ledger);
    const receipt = extendReceiptChain(EMPTY_RECEIPT_CHAIN, command());
    expect(ledger.account(0)).toMatchObject({
      nonce: 1n,
      receiptChainHash: hashTextOfBytes("receiptChainHash", receipt),
    });
    expect(ledger.account(1)).toMatchObject({
      nonce: 0n,
      receiptChainHash: EMPTY_RECEIPT_CHAIN_HASH,
    });
  });

  test("opens the receiver's account with the amount less the creation fee", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, { receiver: CAROL });
    expect(ledger.account(2)).toStrictEqual(newAccount(CAROL, (5n - 1n) * MINA));
    expect(balances(ledger)).toStrictEqual([94n * MINA, 10n * MINA, 4n * MINA]);
    expect(outcome).toMatchObject({ status: "applied", accessed: [0, 2], created: [2] });
  });

  test("of exactly the creation fee opens an empty account", () => {
    const ledger = aliceAndBob();
    expect(apply(ledger, { receiver: CAROL, amount: MINA }).created).toStrictEqual([2]);
    expect(ledger.account(2).balance).toBe(0n);
  });

  test("below the creation fee fails on a new receiver and still costs fee and nonce", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, { receiver: CAROL, amount: MINA - 1n });
    expect(outcome).toStrictEqual({
      status: "failed",
      failureReason: "Amount_insufficient_to_create_account",
      accessed: [0],
      created: [],
    });
    expect(balances(ledger)).toStrictEqual([(100n - 1n) * MINA, 10n * MINA]);
    expect(ledger.account(0).nonce).toBe(1n);
    expect(ledger.account(0).receiptChainHash).not.toBe(EMPTY_RECEIPT_CHAIN_HASH);
  });

  test("that would overflow the receiver's balance fails", () => {
    const ledger = new Ledger([newAccount(ALICE, 100n * MINA), newAccount(BOB, UINT64_MAX)]);
    expect(apply(ledger)).toMatchObject({ status: "failed", failureReason: "Overflow" });
    expect(balances(ledger)).toStrictEqual([99n * MINA, UINT64_MAX]);
  });

  test("from an account that is not the fee payer's fails", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, { source: BOB, receiver: ALICE });
    expect(outcome).toMatchObject({
      status: "failed",
      failureReason: "Predicate",
      accessed: [0],
    });
    expect(balances(ledger)).toStrictEqual([99n * MINA, 10n * MINA]);
  });
});

describe("a payment to oneself", () => {
  test("changes no balance but the fee's, and counts its account once", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, { receiver: ALICE });
    expect(balances(ledger)).toStrictEqual([99n * MINA, 10n * MINA]);
    expect(ledger.account(0).nonce).toBe(1n);
    expect(outcome).toMatchObject({ status: "applied", accessed: [0], created: [] });
  });

  test("may exceed the balance before release 1.2.0, and makes the block invalid after", () => {
    const tooMuch = { receiver: ALICE, amount: 99n * MINA + 1n };
    const early = aliceAndBob();
    expect(apply(early, tooMuch, SELF_PAYMENT_CHECK_SLOT - 1n).status).toBe("applied");
    expect(balances(early)).toStrictEqual([99n * MINA, 10n * MINA]);
    const late = aliceAndBob();
    expectInvalid(
      late,
      () => apply(late, tooMuch, SELF_PAYMENT_CHECK_SLOT),
      /insufficient balance/,
    );
  });

  test("may use locked funds before release 1.2.0, and makes the block invalid after", () => {
    const locked = { receiver: ALICE, amount: 60n * MINA };
    const early = aliceAndBob({ timing: VESTING });
    expect(apply(early, locked).status).toBe("applied");
    expect(early.account(0).timing).toStrictEqual(VESTING);
    const late = aliceAndBob({ timing: VESTING });
    const options = { selfPaymentCheckSlot: slot(0n) };
    expectInvalid(late, () => apply(late, locked, 10n, options), /minimum balance/);
  });
});

describe("a delegation", () => {
  const delegation = { type: "delegation", amount: null } as const;

  test("sets the delegate and moves the fee only", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, delegation);
    expect(ledger.account(0)).toMatchObject({ delegate: BOB, balance: 99n * MINA, nonce: 1n });
    expect(ledger.account(1)).toStrictEqual(newAccount(BOB, 10n * MINA));
    expect(outcome).toMatchObject({ status: "applied", accessed: [0, 1], created: [] });
  });

  test("to oneself is undone by none and counts one account", () => {
    const ledger = aliceAndBob({ delegate: BOB });
    expect(apply(ledger, { ...delegation, receiver: ALICE }).accessed).toStrictEqual([0]);
    expect(ledger.account(0)).toMatchObject({ delegate: ALICE, balance: 99n * MINA });
  });

  test("to an account that does not exist fails, opens none and costs the fee", () => {
    const ledger = aliceAndBob();
    const outcome = apply(ledger, { ...delegation, receiver: CAROL });
    expect(outcome).toStrictEqual({
      status: "failed",
      failureReason: "Receiver_not_present",
      accessed: [0],
      created: [],
    });
    expect(ledger.account(0)).toMatchObject({ delegate: ALICE, balance: 99n * MINA, nonce: 1n });
    expect(ledger.accountCount).toBe(2);
  });

  test("leaves its own mark in the receipt chain", () => {
    const paid = extendReceiptChain(EMPTY_RECEIPT_CHAIN, command({ amount: 0n }));
    const delegated = extendReceiptChain(EMPTY_RECEIPT_CHAIN, command(delegation));
    expect(delegated).not.toStrictEqual(paid);
  });
});

describe("a block is invalid when a command", () => {
  test.each([
    ["has a nonce too high", { nonce: 1n }, /nonce 1, expected 0/],
    ["has no account behind its fee payer", { feePayer: DAVE, source: DAVE }, /no account/],
    ["costs more than the payer holds", { fee: 101n * MINA }, /holds 100000000000, expected/],
    ["pays more than the fee leaves", { amount: 99n * MINA + 1n }, /holds 99000000000, expected/],
    [
      "pays too much to a receiver who could not be opened either",
      { receiver: CAROL, fee: 100n * MINA, amount: 1n },
      /insufficient balance/,
    ],
    ["is a payment of nothing at all", { amount: null }, /no amount/],
  ])("%s", (_, changes, message) => {
    const ledger = aliceAndBob();
    expectInvalid(ledger, () => apply(ledger, changes), message);
  });

  test("comes after its last slot, which is the parent's", () => {
    const ledger = aliceAndBob();
    const expired = () => apply(ledger, { validUntil: 10n }, 11n);
    expectInvalid(ledger, expired, /slot is 11, expected at most 10/);
    expect(apply(ledger, { validUntil: 10n }, 10n).status).toBe("applied");
  });
});

describe("vesting", () => {
  test("keeps the minimum balance from a payment that would touch it", () => {
    const ledger = aliceAndBob({ timing: VESTING });
    // 100 - 1 fee - 49 leaves exactly the 50 that are locked; one nanomina more does not.
    const tooMuch = () => apply(ledger, { amount: 49n * MINA + 1n });
    expectInvalid(
      ledger,
      tooMuch,
      /would hold 49999999999 in slot 10, expected at least 50000000000/,
    );
    expect(apply(ledger, { amount: 49n * MINA }).status).toBe("applied");
    expect(ledger.account(0)).toMatchObject({ balance: 50n * MINA, timing: VESTING });
  });

  test("keeps the minimum balance from a fee too", () => {
    const ledger = aliceAndBob({ timing: VESTING, balance: 50n * MINA });
    const delegation = { type: "delegation", amount: null, fee: 1n } as const;
    expectInvalid(ledger, () => apply(ledger, delegation), /minimum balance/);
  });

  test("frees what its slot has freed", () => {
    // In slot 1199 one step of 10 is done: 50 - 20 - 10 = 20 are locked, and 100 - 1 - 79 = 20.
    const ledger = aliceAndBob({ timing: VESTING });
    const tooMuch = () => apply(ledger, { amount: 79n * MINA + 1n }, 1199n);
    expectInvalid(ledger, tooMuch, /minimum balance/);
    expect(apply(ledger, { amount: 79n * MINA }, 1199n).status).toBe("applied");
  });

  test.each([
    ["a payment", {}],
    ["a payment to oneself", { receiver: ALICE }],
    ["a delegation", { type: "delegation", amount: null }],
    ["a failed payment", { receiver: CAROL, amount: 1n }],
  ] as const)("that is over makes the account untimed by %s", (_, changes) => {
    const during = aliceAndBob({ timing: VESTING });
    apply(during, changes, 1299n);
    expect(during.account(0).timing).toStrictEqual(VESTING);
    const after = aliceAndBob({ timing: VESTING });
    apply(after, changes, 1300n);
    expect(after.account(0).timing).toBeNull();
  });

  test("of a receiver is not looked at by a payment", () => {
    const ledger = aliceAndBob({ timing: VESTING });
    apply(ledger, { feePayer: BOB, source: BOB, receiver: ALICE }, 5000n);
    expect(ledger.account(0).timing).toStrictEqual(VESTING);
  });
});
