import { FormatError } from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { decodeGenesisLedger } from "../src/accounts/genesis-ledger.ts";
import { ALICE, BOB, CAROL } from "./small-ledger.ts";

const winner = newAccount(CAROL, 1000n);
const accounts = [
  { pk: ALICE, balance: "1" },
  { pk: BOB, balance: "2" },
];

function keys(json: unknown): string[] {
  return decodeGenesisLedger(json, winner).map(({ publicKey }) => publicKey);
}

describe("a genesis ledger", () => {
  test.each([
    ["a runtime configuration", { ledger: { accounts }, genesis: {} }],
    ["a replayer's input", { genesis_ledger: { accounts, num_accounts: 2, balances: [] } }],
    ["a bare list", { accounts }],
  ])("is read from %s, with the winner first", (_, json) => {
    expect(keys(json)).toStrictEqual([CAROL, ALICE, BOB]);
    expect(decodeGenesisLedger(json, winner)[0]).toBe(winner);
  });

  test("keeps a winner that is first already, with the balance it lists", () => {
    const listed = { accounts: [{ pk: CAROL, balance: "9" }, ...accounts] };
    expect(keys(listed)).toStrictEqual([CAROL, ALICE, BOB]);
    expect(decodeGenesisLedger(listed, winner)[0]?.balance).toBe(9_000_000_000n);
  });

  test("gets no winner when it says so", () => {
    expect(keys({ accounts, add_genesis_winner: false })).toStrictEqual([ALICE, BOB]);
  });

  test.each([
    ["a key twice", { accounts: [...accounts, accounts[0]] }, /there twice/],
    [
      "the winner in a later place",
      { accounts: [...accounts, { pk: CAROL, balance: "1" }] },
      /twice/,
    ],
    ["no accounts", { ledger: {} }, /it is a configuration whose ledger lists no account/],
    ["a malformed account", { ledger: { accounts: [{ pk: ALICE }] } }, /ledger.accounts\[0\]/],
    ["accounts to be made up", { accounts, num_accounts: 100 }, /num_accounts/],
    ["balances to be made up", { accounts, balances: [[5, "1"]] }, /balances/],
    ["an unclear winner", { accounts, add_genesis_winner: "no" }, /add_genesis_winner/],
    ["nothing at all", null, /expected an object/],
  ])("is refused with %s", (_, json, message) => {
    expect(() => keys(json)).toThrow(FormatError);
    expect(() => keys(json)).toThrow(message);
  });
});
