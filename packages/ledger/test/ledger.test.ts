import {
  FIELD_MODULUS,
  FormatError,
  fieldToBytes,
  hashText,
  type PublicKey,
  pointOfPublicKey,
  publicKeyText,
  type StateHash,
} from "@forklift/chain";
import { describe, expect, test } from "vitest";
import { EMPTY_RECEIPT_CHAIN_HASH, newAccount, ZERO_STATE_HASH } from "../src/accounts/account.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { hashLegacy } from "../src/poseidon/field-hash.ts";
import { EMPTY_ACCOUNT_HASH, hashAccount } from "../src/tree/account-hash.ts";
import { ALICE, BOB, CAROL, MINA, VESTING } from "./small-ledger.ts";

const RECENT_STATE_HASH = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ" as StateHash;

const EMPTY_LEDGER_HASH = "jwuDVNsqhqzkGeiQ5SB12m6TmdEKXGFxAaaW3gNrsNc3x8ZWhcD";

describe("known values of the protocol", () => {
  test("the hash of no account", () => {
    expect(EMPTY_ACCOUNT_HASH).toBe(
      14604874247461951431777712543359658136906556694369689076707549712589474483312n,
    );
  });

  test("the hash of a ledger without accounts", () => {
    expect(new Ledger().ledgerHash()).toBe(EMPTY_LEDGER_HASH);
  });

  test("the receipt chain and the vote of a new account", () => {
    expect(EMPTY_RECEIPT_CHAIN_HASH).toBe("2mzbV7WevxLuchs2dAMY4vQBS6XttnCUF8Hvks4XNBQ5qiSGGBQe");
    expect(ZERO_STATE_HASH).toBe("3NK2tkzqqK5spR2sZ7tujjqPksL45M3UUrcA4WhCkeiPtnugyE2x");
  });
});

describe("the hash of an account", () => {
  const account = { ...newAccount(ALICE, MINA), timing: VESTING };

  test.each([
    ["key", { publicKey: BOB }],
    ["balance", { balance: MINA + 1n }],
    ["nonce", { nonce: 1n }],
    ["delegate", { delegate: BOB }],
    ["parity of the delegate", { delegate: publicKeyText({ x: 1n, isOdd: true }) }],
    ["receipt chain", { receiptChainHash: "2n1tLdP2gkifmyVmrmzYXTS4ohPbZPJn6Qq4x55ywrbRWB4543cC" }],
    ["vote", { votingFor: RECENT_STATE_HASH }],
    ["being timed", { timing: null }],
    ...Object.entries(VESTING).map(([part, value]): [string, object] => [
      part,
      { timing: { ...VESTING, [part]: value + 1n } },
    ]),
  ])("depends on its %s", (_, change) => {
    expect(hashAccount({ ...account, ...change })).not.toBe(hashAccount(account));
  });

  test("is refused for numbers that would spill into their neighbours", () => {
    expect(() => hashAccount({ ...account, balance: 2n ** 64n })).toThrow(RangeError);
    expect(() => hashAccount({ ...account, nonce: 2n ** 32n })).toThrow(RangeError);
    expect(() => hashAccount({ ...account, balance: -1n })).toThrow(RangeError);
  });
});

describe("a ledger", () => {
  test("gives an account back as it came, and knows it by its key alone", () => {
    const account = { ...newAccount(BOB, 5n), nonce: 7n, delegate: ALICE, timing: VESTING };
    const other = { ...newAccount(ALICE, 2n ** 64n - 1n), votingFor: RECENT_STATE_HASH };
    const ledger = new Ledger([account, other]);
    expect([...ledger.accounts()]).toStrictEqual([account, other]);
    const { x, isOdd } = pointOfPublicKey(BOB);
    const mirrored = publicKeyText({ x, isOdd: !isOdd });
    expect(ledger.indexOf(mirrored)).toBeUndefined();
    expect(() => ledger.replace(0, { ...account, publicKey: mirrored })).toThrow(RangeError);
    ledger.replace(0, { ...account, delegate: mirrored });
    expect(ledger.account(0).delegate).toBe(mirrored);
    expect(() => ledger.indexOf("B62q" as PublicKey)).toThrow(FormatError);
  });

  test("gives indexes in the order of creation and finds accounts by key", () => {
    const ledger = new Ledger([newAccount(BOB, 1n)]);
    expect(ledger.append(newAccount(ALICE, 2n))).toBe(1);
    expect(ledger.indexOf(ALICE)).toBe(1);
    expect(ledger.indexOf(CAROL)).toBeUndefined();
    expect(ledger.accountCount).toBe(2);
    expect(Array.from(ledger.accounts(), ({ publicKey }) => publicKey)).toStrictEqual([BOB, ALICE]);
  });

  test("refuses a second account for a key, an index without one and another key's index", () => {
    const ledger = new Ledger([newAccount(BOB, 1n)]);
    expect(() => ledger.append(newAccount(BOB, 2n))).toThrow(FormatError);
    expect(() => ledger.account(1)).toThrow(RangeError);
    expect(() => ledger.replace(1, newAccount(ALICE, 1n))).toThrow(RangeError);
    expect(() => ledger.replace(0, newAccount(ALICE, 1n))).toThrow(RangeError);
    expect(() => ledger.replace(0, newAccount(BOB, 2n ** 64n))).toThrow(RangeError);
    expect(() => ledger.replace(0, { ...newAccount(BOB, 2n), nonce: -1n })).toThrow(RangeError);
    expect(() => ledger.append({ ...newAccount(ALICE, 1n), nonce: 2n ** 32n })).toThrow(RangeError);
    const tooLate = { ...VESTING, cliffTime: 2n ** 32n };
    expect(() => ledger.append({ ...newAccount(ALICE, 1n), timing: tooLate })).toThrow(RangeError);
    expect([...ledger.accounts()]).toStrictEqual([newAccount(BOB, 1n)]);
  });

  test("hashes two accounts side by side under empty subtrees", () => {
    const [alice, bob] = [newAccount(ALICE, 1n), newAccount(BOB, 2n)];
    let node = hashLegacy("CodaMklTree000", [hashAccount(alice), hashAccount(bob)]);
    let empty = hashLegacy("CodaMklTree000", [EMPTY_ACCOUNT_HASH, EMPTY_ACCOUNT_HASH]);
    for (let height = 1; height < 20; height++) {
      const prefix = `CodaMklTree0${String(height).padStart(2, "0")}`;
      node = hashLegacy(prefix, [node, empty]);
      empty = hashLegacy(prefix, [empty, empty]);
    }
    expect(new Ledger([alice, bob]).ledgerHash()).toBe(hashText("ledgerHash", node));
  });

  test("built from known leaf hashes does not compute them, until an account changes", () => {
    const accounts = [newAccount(ALICE, 1n), newAccount(BOB, 2n)];
    const honest = new Ledger(accounts);
    expect(Ledger.fromLeafHashes(accounts, honest.leafHashes()).ledgerHash()).toBe(
      honest.ledgerHash(),
    );
    const leaves = [fieldToBytes(1n), fieldToBytes(hashAccount(accounts[1]!))];
    const claimed = Ledger.fromLeafHashes(accounts, Buffer.concat(leaves));
    expect(claimed.ledgerHash()).not.toBe(honest.ledgerHash());
    claimed.replace(0, accounts[0]!);
    expect(claimed.ledgerHash()).toBe(honest.ledgerHash());
  });

  test("is not built from a leaf hash that is no field element", () => {
    for (const hash of [fieldToBytes(FIELD_MODULUS), new Uint8Array(32).fill(0xff)]) {
      expect(() => Ledger.fromLeafHashes([newAccount(ALICE, 1n)], hash)).toThrow(FormatError);
    }
  });

  test("is not built from too few or too many leaf hashes", () => {
    const one = fieldToBytes(1n);
    expect(() => Ledger.fromLeafHashes([newAccount(ALICE, 1n)], new Uint8Array(0))).toThrow(
      /0 bytes of leaf hashes for 1 accounts, expected 32/,
    );
    expect(() => Ledger.fromLeafHashes([], one)).toThrow(FormatError);
    expect(() => Ledger.fromLeafHashes([newAccount(ALICE, 1n)], one.subarray(1))).toThrow(
      FormatError,
    );
  });
});
