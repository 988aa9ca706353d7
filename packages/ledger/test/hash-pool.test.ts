import { publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { legacyHash } from "../src/poseidon/hash-inputs.ts";
import { BERKELEY_TREE_RULES } from "../src/tree/berkeley-tree-rules.ts";
import { HashPool } from "../src/tree/hash-pool.ts";
import { LEGACY_TREE_RULES } from "../src/tree/legacy-tree-rules.ts";

/** More than are hashed in one piece, and no whole number of pieces. */
const ACCOUNTS = 5_000;

function ledgerOf(count: number): Ledger {
  const keys = Array.from({ length: count }, (_, x) =>
    publicKeyText({ x: BigInt(x), isOdd: false }),
  );
  return new Ledger(keys.map((key, at) => newAccount(key, BigInt(at))));
}

test.each([0, 1, 2])("a pool with %i helpers hashes as one thread does", (helpers) => {
  using pool = new HashPool(helpers);
  for (const count of [1, 31, 100, 4096]) {
    const inputs = Uint8Array.from({ length: count * 64 }, (_, at) => (at % 32 < 31 ? at : 0));
    const expected = legacyHash.hash("CodaMklTree000", inputs, 1);
    expect(pool.hash("legacy", "CodaMklTree000", inputs, 1)).toStrictEqual(expected);
  }
});

test("a ledger hashed in pieces has the same roots, follows its changes and holds up nobody", {
  tags: ["only-in-all"],
}, async () => {
  using pool = new HashPool(1);
  const [ledger, plain] = [ledgerOf(ACCOUNTS), ledgerOf(ACCOUNTS)];
  const done: number[] = [];
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  await ledger.hashInPieces(LEGACY_TREE_RULES, pool.hash, (count) => done.push(count));
  clearInterval(timer);
  // Ten pieces of leaves, and at least one of each level.
  expect(turns).toBeGreaterThan(10);
  await ledger.hashInPieces(BERKELEY_TREE_RULES, pool.hash);
  expect(done).toHaveLength(10);
  expect(done.at(-1)).toBe(ACCOUNTS);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  for (const each of [ledger, plain]) each.table.setBalance(4_097, 77n);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  // Once more, over a tree that stands and over an account that changed since.
  for (const each of [ledger, plain]) each.table.setBalance(3, 78n);
  await ledger.hashInPieces(LEGACY_TREE_RULES, pool.hash);
  expect(ledger.ledgerHash()).toBe(plain.ledgerHash());
  expect(ledger.berkeleyLedgerHash()).toBe(plain.berkeleyLedgerHash());
});

test("what a pool cannot hash is an error of its caller", () => {
  using pool = new HashPool(1);
  expect(() => pool.hash("legacy", "CodaMklTree000", new Uint8Array(63), 1)).toThrow("63 bytes");
  const above = new Uint8Array(4097 * 64);
  expect(() => pool.hash("legacy", "CodaMklTree000", above, 1)).toThrow();
});
