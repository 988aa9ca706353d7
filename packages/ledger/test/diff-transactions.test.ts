// Internal commands that follow from works and fees, worked out by hand. Amounts are in MINA here.

import type { PublicKey } from "@forklift/chain";
import { publicKeyText } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { internalTransactionsOf, type PaidWork } from "../src/block/diff-transactions.ts";
import { includedInternalCommands } from "../src/block/included-commands.ts";
import { InvalidTransactionError } from "../src/block/transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { ALICE, BOB, balances, CAROL, command, DAVE, MINA, slot } from "./small-ledger.ts";

/** Alice produces; she has an account. */
const TERMS = { coinbaseReceiver: ALICE, superchargeCoinbase: false };
const SUPERCHARGED = { ...TERMS, superchargeCoinbase: true };

function mina(amount: number): bigint {
  return BigInt(Math.round(amount * 1000)) * (MINA / 1000n);
}

function preDiff(parts: Partial<PaidWork>, fees: readonly number[] = []): PaidWork {
  return {
    completedWorks: [],
    coinbase: { parts: 0 },
    commands: fees.map((fee) => ({ command: command({ fee: mina(fee) }) })),
    ...parts,
  };
}

function work(prover: PublicKey, fee: number) {
  return { prover, fee: mina(fee) };
}

function transfer(receiver: PublicKey, fee: number) {
  return { receiver, fee: mina(fee) };
}

function coinbase(amount: number, feeTransfer: ReturnType<typeof transfer> | null = null) {
  return { kind: "coinbase", receiver: ALICE, amount: mina(amount), feeTransfer };
}

function feeTransfer(...transfers: ReturnType<typeof transfer>[]) {
  return { kind: "fee_transfer", transfers };
}

describe("a coinbase", () => {
  test("in one part is 720, and twice that when it is supercharged", () => {
    const one = preDiff({ coinbase: { parts: 1, feeTransfer: null } });
    expect(internalTransactionsOf(one, TERMS)).toStrictEqual([coinbase(720)]);
    expect(internalTransactionsOf(one, SUPERCHARGED)).toStrictEqual([coinbase(1440)]);
  });

  test("in two parts is 1 and 719", () => {
    const two = preDiff({ coinbase: { parts: 2, feeTransfers: [] } });
    expect(internalTransactionsOf(two, TERMS)).toStrictEqual([coinbase(1), coinbase(719)]);
  });

  test("in two parts grows its first one by what that pays for work", () => {
    // 1 + 0.25 = 1.25 of which Bob gets 0.25 and Alice 1; 720 - 1.25 = 718.75 are Alice's.
    const paid = transfer(BOB, 0.25);
    const two = preDiff({
      coinbase: { parts: 2, feeTransfers: [paid] },
      completedWorks: [work(BOB, 0.25)],
    });
    const transactions = internalTransactionsOf(two, TERMS);
    expect(transactions).toStrictEqual([coinbase(1.25, paid), coinbase(718.75)]);
    const ledger = new Ledger([newAccount(ALICE, mina(10)), newAccount(BOB, mina(5))]);
    for (const transaction of transactions) applyTransaction(ledger, transaction, slot(1n));
    // 10 + 1 + 718.75 and 5 + 0.25.
    expect(balances(ledger)).toStrictEqual([mina(729.75), mina(5.25)]);
  });

  test("in two parts pays for two works, and opens the provers' accounts before the receiver's", () => {
    // Supercharged 1440: 1 + 2 = 3 with Bob's 2; 1440 - 3 = 1437 with Carol's 3.
    const [toBob, toCarol] = [transfer(BOB, 2), transfer(CAROL, 3)];
    const two = preDiff({
      coinbase: { parts: 2, feeTransfers: [toBob, toCarol] },
      completedWorks: [work(BOB, 2), work(CAROL, 3)],
    });
    const transactions = internalTransactionsOf(two, SUPERCHARGED);
    expect(transactions).toStrictEqual([coinbase(3, toBob), coinbase(1437, toCarol)]);
    const ledger = new Ledger([newAccount(DAVE, 0n)]);
    for (const transaction of transactions) applyTransaction(ledger, transaction, slot(1n));
    const keys = Array.from(ledger.accounts(), ({ publicKey }) => publicKey);
    expect(keys).toStrictEqual([DAVE, BOB, ALICE, CAROL]);
    // Each account costs 1: Bob 2 - 1, Alice 3 - 2 - 1 and then 1437 - 3, Carol 3 - 1.
    expect(balances(ledger)).toStrictEqual([0n, mina(1), mina(1434), mina(2)]);
  });

  test("pays nothing for work of its own receiver", () => {
    const one = preDiff(
      {
        coinbase: { parts: 1, feeTransfer: transfer(ALICE, 0.5) },
        completedWorks: [work(ALICE, 0.5)],
      },
      [0.1],
    );
    // The work costs nothing, so the whole fee of 0.1 is left for Alice.
    expect(internalTransactionsOf(one, TERMS)).toStrictEqual([
      coinbase(720),
      feeTransfer(transfer(ALICE, 0.1)),
    ]);
  });
});

describe("fees", () => {
  test("go to the receiver of the coinbase when no work was bought", () => {
    const fees = preDiff({}, [0.25, 0.5]);
    expect(internalTransactionsOf(fees, TERMS)).toStrictEqual([feeTransfer(transfer(ALICE, 0.75))]);
  });

  test("pay for the works first; those of the receiver cost nothing", () => {
    // 1 - 0.2 - 0.3 = 0.5 is left; Alice's work for 0.9 is not counted.
    const works = [work(ALICE, 0.9), work(BOB, 0.2), work(CAROL, 0.3)];
    const paid = preDiff({ completedWorks: works }, [1]);
    expect(internalTransactionsOf(paid, TERMS)).toStrictEqual([
      feeTransfer(transfer(ALICE, 0.5), transfer(BOB, 0.2)),
      feeTransfer(transfer(CAROL, 0.3)),
    ]);
  });

  test("that are used up leave the receiver nothing, and free works are not paid", () => {
    const works = [work(BOB, 0.25), work(BOB, 0.75), work(CAROL, 0)];
    const paid = preDiff({ completedWorks: works }, [1]);
    expect(internalTransactionsOf(paid, TERMS)).toStrictEqual([feeTransfer(transfer(BOB, 1))]);
  });

  test("do not pay what the coinbase has paid", () => {
    // Bob is owed 0.4 + 0.1, of which the coinbase pays 0.1: 0.5 - 0.4 = 0.1 is left for Alice.
    const paidByCoinbase = transfer(BOB, 0.1);
    const paid = preDiff(
      {
        coinbase: { parts: 1, feeTransfer: paidByCoinbase },
        completedWorks: [work(BOB, 0.4), work(BOB, 0.1)],
      },
      [0.5],
    );
    expect(internalTransactionsOf(paid, TERMS)).toStrictEqual([
      coinbase(720, paidByCoinbase),
      feeTransfer(transfer(ALICE, 0.1), transfer(BOB, 0.4)),
    ]);
  });

  test("are not raised by a coinbase that pays more than the works cost", () => {
    // 0.1 - 0.3 is nothing to pay: Alice has the whole 0.5, and Bob nothing beside the 0.3.
    const paidByCoinbase = transfer(BOB, 0.3);
    const paid = preDiff(
      {
        coinbase: { parts: 1, feeTransfer: paidByCoinbase },
        completedWorks: [work(BOB, 0.1)],
      },
      [0.5],
    );
    expect(internalTransactionsOf(paid, TERMS)).toStrictEqual([
      coinbase(720, paidByCoinbase),
      feeTransfer(transfer(ALICE, 0.5)),
    ]);
  });

  test("that do not pay for the works invalidate the block", () => {
    const short = preDiff({ completedWorks: [work(BOB, 0.6)] }, [0.5]);
    expect(() => internalTransactionsOf(short, TERMS)).toThrow(InvalidTransactionError);
  });
});

test("pairs are made in the order of the keys as numbers, even before odd", () => {
  // As texts these keys come in another order.
  const points = [
    { x: 3n, isOdd: true },
    { x: 5n, isOdd: false },
    { x: 5n, isOdd: true },
    { x: 256n, isOdd: false },
    { x: 2n ** 200n, isOdd: false },
  ];
  const keys = points.map(publicKeyText);
  expect(keys.toSorted()).not.toStrictEqual(keys);
  const works = keys.map((prover) => work(prover, 0.1)).reverse();
  const paid = preDiff({ completedWorks: works }, [0.5]);
  expect(internalTransactionsOf(paid, TERMS)).toStrictEqual([
    feeTransfer(transfer(keys[0]!, 0.1), transfer(keys[1]!, 0.1)),
    feeTransfer(transfer(keys[2]!, 0.1), transfer(keys[3]!, 0.1)),
    feeTransfer(transfer(keys[4]!, 0.1)),
  ]);
});

test("the archive counts a pair once, and a coinbase with its fee transfer once", () => {
  const paid = preDiff(
    {
      coinbase: { parts: 2, feeTransfers: [transfer(BOB, 0.25)] },
      completedWorks: [work(BOB, 0.25), work(CAROL, 0.5)],
    },
    [0.75],
  );
  const transactions = [
    { kind: "user_command", command: command() } as const,
    ...internalTransactionsOf(paid, TERMS),
  ];
  const places = includedInternalCommands(transactions).map((row) => [
    row.sequenceNo,
    row.secondarySequenceNo,
    row.command.type,
    row.command.receiver,
    row.command.fee,
  ]);
  expect(places).toStrictEqual([
    [1, 0, "coinbase", ALICE, mina(1.25)],
    [1, 0, "fee_transfer_via_coinbase", BOB, mina(0.25)],
    [2, 0, "coinbase", ALICE, mina(718.75)],
    [3, 0, "fee_transfer", ALICE, mina(0.25)],
    [3, 1, "fee_transfer", CAROL, mina(0.5)],
  ]);
});
