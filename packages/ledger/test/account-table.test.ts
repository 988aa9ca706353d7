import { pointBytesOfPublicKey, publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { newParts, partsOf } from "../src/accounts/account-objects.ts";
import { AT, RECORD_BYTES } from "../src/accounts/account-record.ts";
import { AccountTable } from "../src/accounts/account-table.ts";
import { Journal } from "../src/accounts/journal.ts";
import { ALICE, BOB, VESTING } from "./small-ledger.ts";

function key(number: number) {
  return pointBytesOfPublicKey(publicKeyText({ x: BigInt(number), isOdd: false }));
}

test("an account lies in its record as the layout says, little-endian", () => {
  const table = new AccountTable(new Journal(), () => {});
  const account = { ...newAccount(ALICE, 0x0102030405060708n), nonce: 0x0a0b0c0dn, delegate: BOB };
  const parts = partsOf({ ...account, timing: VESTING });
  table.open(parts);
  const record = Buffer.concat(
    Array.from({ length: RECORD_BYTES / 4 }, (_, word) => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(table.uint32(0, 4 * word));
      return bytes;
    }),
  );
  const amount = (nanomina: bigint) => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(nanomina);
    return bytes.toString("hex");
  };
  const field = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  expect(record.toString("hex")).toBe(
    [
      field(parts.key.x),
      field(parts.delegate.x),
      field(parts.receiptChainHash),
      field(parts.votingFor),
      "0807060504030201",
      amount(VESTING.initialMinimumBalance),
      amount(VESTING.cliffAmount),
      amount(VESTING.vestingIncrement),
      "0d0c0b0a",
      "e8030000", // the cliff at slot 1000
      "64000000", // periods of 100 slots
      "06000000", // Alice is even, Bob is odd, and the account is timed
    ].join(""),
  );
});

test("accounts of several chunks keep their places, and tell of every change", () => {
  const changed: number[] = [];
  const table = new AccountTable(new Journal(), (index) => changed.push(index));
  const count = 4096 * 2 + 1;
  for (let number = 0; number < count; number++) {
    expect(table.open(newParts(key(number), BigInt(number)))).toBe(number);
  }
  expect(changed).toHaveLength(count);
  for (let number = 0; number < count; number += 1024) {
    expect(table.find(key(number))).toBe(number);
    expect(table.balance(number)).toBe(BigInt(number));
  }
  expect(table.find(key(count))).toBe(-1);
  table.setBalance(4096, 5n);
  table.setTiming(4097, null);
  expect(changed.slice(count)).toStrictEqual([4096]);
  expect([table.balance(4095), table.balance(4096), table.balance(4097)]).toStrictEqual([
    4095n,
    5n,
    4097n,
  ]);
});

test("numbers that do not fit are refused before anything is written", () => {
  const changed: number[] = [];
  const table = new AccountTable(new Journal(), (index) => changed.push(index));
  table.open(partsOf(newAccount(ALICE, 1n)));
  changed.length = 0;
  for (const balance of [-1n, 2n ** 64n]) {
    expect(() => table.setBalance(0, balance)).toThrow(RangeError);
    expect(() => table.open(newParts(key(7), balance))).toThrow(RangeError);
  }
  for (const nonce of [-1n, 2n ** 32n]) {
    expect(() => table.setNonce(0, nonce)).toThrow(RangeError);
  }
  for (const part of Object.keys(VESTING)) {
    expect(() => table.setTiming(0, { ...VESTING, [part]: 2n ** 64n })).toThrow(RangeError);
  }
  expect(() => table.balance(4096)).toThrow(/no account 4096 among 1/);
  expect(table.uint32(0, AT.flags)).toBe(0);
  expect(changed).toStrictEqual([]);
  expect(table.count).toBe(1);
});
