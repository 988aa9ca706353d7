import { FIELD_MODULUS, FormatError, hashText, publicKeyText } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EMPTY_RECEIPT_CHAIN_HASH, newAccount, ZERO_STATE_HASH } from "../src/account.ts";
import { EMPTY_ACCOUNT_HASH, hashAccount } from "../src/account-hash.ts";
import { Ledger } from "../src/ledger.ts";
import { hashLegacy } from "../src/legacy-poseidon.ts";
import { EMPTY_SUBTREE_HASHES, LEDGER_DEPTH } from "../src/merkle-tree.ts";
import { ALICE, BOB, CAROL, MINA, VESTING } from "./small-world.ts";

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
    ["vote", { votingFor: "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ" }],
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
    expect([...ledger.accounts()]).toStrictEqual([newAccount(BOB, 1n)]);
  });

  test("hashes two accounts side by side under empty subtrees", () => {
    const [alice, bob] = [newAccount(ALICE, 1n), newAccount(BOB, 2n)];
    let node = hashLegacy("CodaMklTree000", [hashAccount(alice), hashAccount(bob)]);
    for (let height = 1; height < LEDGER_DEPTH; height++) {
      const prefix = `CodaMklTree0${String(height).padStart(2, "0")}`;
      node = hashLegacy(prefix, [node, EMPTY_SUBTREE_HASHES[height]!]);
    }
    expect(new Ledger([alice, bob]).ledgerHash()).toBe(hashText("ledgerHash", node));
  });

  test("has the same hash however it came about", () => {
    const changes = fc.array(
      fc.record({
        index: fc.nat({ max: 9 }),
        balance: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        hashed: fc.boolean(),
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(changes, (steps) => {
        const ledger = new Ledger();
        for (const { index, balance, hashed } of steps) {
          const publicKey = publicKeyText({ x: BigInt(index), isOdd: false });
          const known = ledger.indexOf(publicKey);
          if (known === undefined) ledger.append(newAccount(publicKey, balance));
          else ledger.replace(known, newAccount(publicKey, balance));
          if (hashed) ledger.ledgerHash();
        }
        const fresh = new Ledger(ledger.accounts());
        expect(ledger.ledgerHash()).toBe(fresh.ledgerHash());
        expect(ledger.leafHashes()).toStrictEqual(fresh.leafHashes());
      }),
      { numRuns: 8 },
    );
  });

  test("built from known leaf hashes does not compute them, until an account changes", () => {
    const accounts = [newAccount(ALICE, 1n), newAccount(BOB, 2n)];
    const honest = new Ledger(accounts);
    expect(Ledger.fromLeafHashes(accounts, honest.leafHashes()).ledgerHash()).toBe(
      honest.ledgerHash(),
    );
    const claimed = Ledger.fromLeafHashes(accounts, [1n, hashAccount(accounts[1]!)]);
    expect(claimed.ledgerHash()).not.toBe(honest.ledgerHash());
    claimed.replace(0, accounts[0]!);
    expect(claimed.ledgerHash()).toBe(honest.ledgerHash());
  });

  test("is not built from a leaf hash that is no field element", () => {
    for (const hash of [FIELD_MODULUS, -1n]) {
      expect(() => Ledger.fromLeafHashes([newAccount(ALICE, 1n)], [hash])).toThrow(RangeError);
    }
  });

  test("is not built from too few or too many leaf hashes", () => {
    expect(() => Ledger.fromLeafHashes([newAccount(ALICE, 1n)], [])).toThrow(FormatError);
    expect(() => Ledger.fromLeafHashes([], [1n])).toThrow(FormatError);
  });
});
