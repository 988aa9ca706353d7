import { FormatError } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Account, newAccount } from "../src/accounts/account.ts";
import { decodeAccount, encodeAccount } from "../src/accounts/account-json.ts";
import { ALICE, BOB, MINA, VESTING } from "./small-ledger.ts";

const least = { pk: ALICE, balance: "1.5" };

describe("an account in JSON", () => {
  test("comes back from its official form as it was", () => {
    const plain = { noNullPrototype: true };
    const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
    const uint32 = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
    const timing = fc.record(
      {
        initialMinimumBalance: uint64,
        cliffTime: uint32,
        cliffAmount: uint64,
        vestingPeriod: uint32,
        vestingIncrement: uint64,
      },
      plain,
    );
    const account = fc.record(
      {
        balance: uint64,
        nonce: uint32,
        delegate: fc.constantFrom(ALICE, BOB),
        timing: fc.option(timing),
      },
      plain,
    );
    fc.assert(
      fc.property(account, (changes) => {
        const original: Account = { ...newAccount(ALICE, 0n), ...changes };
        const json: unknown = JSON.parse(JSON.stringify(encodeAccount(original)));
        expect(decodeAccount(json)).toStrictEqual(original);
      }),
    );
  });

  test("is written with the keys of an official checkpoint", () => {
    const account = { ...newAccount(ALICE, 15n * (MINA / 10n)), nonce: 7n, timing: VESTING };
    expect(encodeAccount(account)).toStrictEqual({
      pk: ALICE,
      sk: null,
      balance: "1.5",
      delegate: ALICE,
      timing: {
        initial_minimum_balance: "50",
        cliff_time: "1000",
        cliff_amount: "20",
        vesting_period: "100",
        vesting_increment: "10",
      },
      token: null,
      token_symbol: "",
      nonce: "7",
      receipt_chain_hash: "2mzbV7WevxLuchs2dAMY4vQBS6XttnCUF8Hvks4XNBQ5qiSGGBQe",
      voting_for: "3NK2tkzqqK5spR2sZ7tujjqPksL45M3UUrcA4WhCkeiPtnugyE2x",
      zkapp: null,
      permissions: {
        edit_state: "signature",
        send: "signature",
        receive: "none",
        access: "none",
        set_delegate: "signature",
        set_permissions: "signature",
        set_verification_key: { auth: "signature", txn_version: "2" },
        set_zkapp_uri: "signature",
        edit_action_state: "signature",
        set_token_symbol: "signature",
        increment_nonce: "signature",
        set_voting_for: "signature",
        set_timing: "signature",
      },
    });
  });

  test("needs a key and a balance, and is new in everything it leaves out", () => {
    expect(decodeAccount(least)).toStrictEqual(newAccount(ALICE, 1_500_000_000n));
    expect(() => decodeAccount({ pk: ALICE })).toThrow(/"balance" is missing/);
    expect(() => decodeAccount({ balance: "1" })).toThrow(/"pk" is missing/);
  });

  test("takes numbers and strings alike", () => {
    const timing = {
      initial_minimum_balance: 50,
      cliff_time: 1000,
      cliff_amount: 20,
      vesting_period: 100,
      vesting_increment: 10,
    };
    expect(decodeAccount({ pk: ALICE, balance: 1.5, nonce: 7, timing })).toStrictEqual({
      ...newAccount(ALICE, 1_500_000_000n),
      nonce: 7n,
      timing: VESTING,
    });
  });

  test("has slots and spans as daemons since Berkeley write them", () => {
    const amounts = {
      initial_minimum_balance: "1",
      cliff_amount: "1",
      vesting_increment: "1",
    };
    const timed = (cliff_time: unknown, vesting_period: unknown) =>
      decodeAccount({ ...least, timing: { ...amounts, cliff_time, vesting_period } });
    const plain = timed("5", "7");
    expect(timed(["Since_genesis", "5"], ["Global_slot_span", 7])).toStrictEqual(plain);
    expect(() => timed(["Since_hard_fork", "5"], "7")).toThrow(/cliff_time.*found an array of 2/);
  });

  test.each([
    ["a secret key", { sk: "anything" }],
    ["an unknown key", { colour: "red" }],
    ["the default token", { token: "wSHV2S4qX9jFsLjQo8r1BsMLH2ZRKsZx6EJd1sbozGPieEC4Jf" }],
    ["the default token of protocol 1.x", { token: 1 }],
    [
      "the permissions of protocol 1.x",
      {
        permissions: {
          stake: true,
          edit_state: "signature",
          receive: "none",
          set_verification_key: "signature",
        },
      },
    ],
    ["permissions with a tag", { permissions: { edit_state: ["Signature"], receive: ["None"] } }],
    [
      "a transaction version as a number",
      {
        permissions: { set_verification_key: { auth: "signature", txn_version: 2 } },
      },
    ],
  ])("may hold %s, which changes nothing", (_, extra) => {
    expect(decodeAccount({ ...least, ...extra })).toStrictEqual(decodeAccount(least));
  });

  test.each([
    ["another token", { token: "2" }, /token: expected the default token/],
    ["a token symbol", { token_symbol: "seb" }, /token_symbol/],
    ["a smart contract", { zkapp: {} }, /zkapp/],
    ["another permission", { permissions: { send: "proof" } }, /permissions.send/],
    ["no stake", { permissions: { stake: false } }, /permissions.stake/],
    [
      "a later transaction version",
      { permissions: { set_verification_key: { auth: "signature", txn_version: "3" } } },
      /permissions.set_verification_key/,
    ],
    ["an owned token", { token_permissions: { token_owned: true } }, /token_owned/],
    ["a delegate that is no key", { delegate: "B62q" }, /delegate/],
    ["a vote that is no state hash", { voting_for: ALICE }, /voting_for/],
    ["a nonce beyond 32 bits", { nonce: "4294967296" }, /nonce/],
    ["a negative balance", { balance: "-1" }, /balance/],
    ["a tenth decimal", { balance: "0.0000000001" }, /balance/],
    [
      "a JSON number that lost digits",
      { balance: JSON.parse("66000000.123456789") as number },
      /more digits/,
    ],
    ["a schedule without a cliff", { timing: { cliff_time: "1" } }, /timing.*is missing/],
  ])("is refused with %s, by name", (_, extra, message) => {
    expect(() => decodeAccount({ ...least, ...extra })).toThrow(FormatError);
    expect(() => decodeAccount({ ...least, ...extra })).toThrow(message);
    expect(() => decodeAccount({ ...least, ...extra })).toThrow(ALICE);
  });
});
