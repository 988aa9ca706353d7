// Rolling back, as random sequences of changes, hashes, marks, roll backs and forgets.

import { publicKeyText } from "@forklift/chain";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Account, newAccount } from "../src/accounts/account.ts";
import { Journal, type Mark } from "../src/accounts/journal.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { LEGACY_TREE_RULES } from "../src/tree/legacy-tree-rules.ts";
import type { TreeRules } from "../src/tree/tree-rules.ts";
import { aliceAndBob, BOB, CAROL, command, DAVE, MINA, slot, VESTING } from "./small-ledger.ts";

/** Enough that some are not there yet, and that the key index grows. */
const KEYS = Array.from({ length: 40 }, (_, x) =>
  publicKeyText({ x: BigInt(x), isOdd: x % 3 === 0 }),
);

const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        kind: fc.constant("write" as const),
        key: fc.nat({ max: KEYS.length - 1 }),
        balance: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
        nonce: fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }),
        delegate: fc.constantFrom(...KEYS),
        timing: fc.constantFrom(null, VESTING),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("hash" as const) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant("mark" as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom("rollBack" as const, "forget" as const),
        depth: fc.nat(),
      }),
    },
  ),
  { maxLength: 60, size: "max" },
);

function expectSame(ledger: Ledger, accounts: readonly Account[]): void {
  expect([...ledger.accounts()]).toStrictEqual(accounts);
  const indexes = new Map(accounts.map(({ publicKey }, index) => [publicKey, index]));
  expect(KEYS.map((key) => ledger.indexOf(key))).toStrictEqual(KEYS.map((key) => indexes.get(key)));
}

/** The rules of 1.x, which count what is hashed by them. */
function countingRules(): TreeRules & { hashed: number } {
  return {
    ...LEGACY_TREE_RULES,
    hashed: 0,
    hashLeaves(inputs) {
      this.hashed += inputs.length / 256;
      return LEGACY_TREE_RULES.hashLeaves(inputs);
    },
    hashNodes(height, pairs) {
      this.hashed += pairs.length / 64;
      return LEGACY_TREE_RULES.hashNodes(height, pairs);
    },
  };
}

describe("a ledger with marks", () => {
  test("is at any time what a fresh one with the same accounts is", () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        const ledger = new Ledger();
        let model: Account[] = [];
        const marks: { mark: Mark; model: Account[] }[] = [];
        for (const step of sequence) {
          if (step.kind === "write") {
            const publicKey = KEYS[step.key]!;
            const { balance, nonce, delegate, timing } = step;
            const account = { ...newAccount(publicKey, balance), nonce, delegate, timing };
            const index = ledger.indexOf(publicKey);
            if (index === undefined) ledger.append(account);
            else ledger.replace(index, account);
            model = model.with(index ?? model.push(account) - 1, account);
          } else if (step.kind === "hash") {
            ledger.ledgerHash();
          } else if (step.kind === "mark") {
            marks.push({ mark: ledger.mark(), model: [...model] });
          } else if (marks.length > 0) {
            const depth = step.depth % marks.length;
            const closed = marks[depth]!;
            marks.length = depth;
            ledger[step.kind](closed.mark);
            if (step.kind === "rollBack") model = closed.model;
            expectSame(ledger, model);
          }
        }
        expectSame(ledger, model);
        const fresh = new Ledger(model);
        expect(ledger.ledgerHash()).toBe(fresh.ledgerHash());
        expect(ledger.leafHashes()).toStrictEqual(fresh.leafHashes());
      }),
      { numRuns: 60 },
    );
  });

  test("hashes nothing again after rolling back, and all that waited before the mark", () => {
    const rules = countingRules();
    const ledger = aliceAndBob();
    const before = ledger.root(rules);
    ledger.table.setBalance(1, 7n);
    const waiting = ledger.mark();
    ledger.append(newAccount(CAROL, 1n));
    ledger.table.setBalance(0, 1n);
    const after = ledger.root(rules);
    ledger.rollBack(waiting);
    rules.hashed = 0;
    const changed = ledger.root(rules);
    // Bob's leaf and the twenty nodes above it: what waited when the mark was set waits again.
    expect(rules.hashed).toBe(21);
    expect([before, after]).not.toContainEqual(changed);
    const settled = ledger.mark();
    ledger.append(newAccount(DAVE, 1n));
    ledger.table.setBalance(1, 8n);
    ledger.root(rules);
    ledger.rollBack(settled);
    rules.hashed = 0;
    expect(ledger.root(rules)).toStrictEqual(changed);
    expect(rules.hashed).toBe(0);
  });

  test("takes back every part of an account that a transaction writes", () => {
    const ledger = aliceAndBob({ timing: VESTING });
    const hash = ledger.ledgerHash();
    const before = [...ledger.accounts()];
    const mark = ledger.mark();
    const parts = [
      command({ receiver: CAROL }),
      command({ type: "delegation", amount: null, nonce: 1n }),
    ];
    for (const part of parts) {
      applyTransaction(ledger, { kind: "user_command", command: part }, slot(1300n));
    }
    const [alice, , carol] = ledger.accounts();
    expect(alice).toMatchObject({ nonce: 2n, delegate: BOB, timing: null });
    expect(carol?.balance).toBe(4n * MINA);
    ledger.rollBack(mark);
    expect([...ledger.accounts()]).toStrictEqual(before);
    expect(ledger.ledgerHash()).toBe(hash);
  });

  test("rolls back to before its first hash, and hashes all of it anew", () => {
    const ledger = aliceAndBob();
    const mark = ledger.mark();
    ledger.append(newAccount(CAROL, 1n));
    ledger.ledgerHash();
    ledger.rollBack(mark);
    expect(ledger.ledgerHash()).toBe(aliceAndBob().ledgerHash());
  });

  test("opens another account in the place of one that was rolled back", () => {
    const ledger = aliceAndBob();
    const mark = ledger.mark();
    ledger.append({ ...newAccount(CAROL, 1n), nonce: 9n, delegate: BOB, timing: VESTING });
    ledger.rollBack(mark);
    expect(ledger.append(newAccount(DAVE, 2n))).toBe(2);
    expect(ledger.account(2)).toStrictEqual(newAccount(DAVE, 2n));
    expect(ledger.indexOf(CAROL)).toBeUndefined();
    const other = ledger.mark();
    ledger.table.setBalance(2, 3n);
    ledger.rollBack(other);
    expect(ledger.account(2).balance).toBe(2n);
  });

  test("refuses a mark that is closed, by itself or by one outside it", () => {
    const ledger = aliceAndBob();
    const outer = ledger.mark();
    const inner = ledger.mark();
    ledger.rollBack(outer);
    for (const mark of [inner, outer, new Journal().mark()]) {
      expect(() => ledger.rollBack(mark)).toThrow(RangeError);
      expect(() => ledger.forget(mark)).toThrow(/closed already/);
    }
  });
});

describe("a journal", () => {
  function journalOfNumbers(numbers: number[]) {
    const journal = new Journal();
    const kind = journal.define(1, (place, bytes) => {
      numbers[place] = bytes[0]!;
    });
    const set = (place: number, value: number) => {
      if (journal.isOpen) journal.save(kind, place, Uint8Array.of(numbers[place]!));
      numbers[place] = value;
    };
    return { journal, set };
  }

  test("undoes in reverse order, over a log that has grown", () => {
    const numbers = [0, 0, 0];
    const { journal, set } = journalOfNumbers(numbers);
    set(0, 9);
    const mark = journal.mark();
    for (let step = 0; step < 200_000; step++) set(step % 3, step % 251);
    journal.rollBack(mark);
    expect(numbers).toStrictEqual([9, 0, 0]);
  });

  test("forgets what it has kept when its last mark is forgotten", () => {
    const { journal, set } = journalOfNumbers([0]);
    const mark = journal.mark();
    for (let step = 0; step < 200_000; step++) set(0, 1);
    expect(journal.mark().logEnd).toBe(200_000 * 9);
    journal.forget(mark);
    expect(journal.mark().logEnd).toBe(0);
  });

  test("is open between the first mark and the closing of the last, in a new epoch each time", () => {
    const { journal } = journalOfNumbers([]);
    const epochs = [journal.epoch];
    const outer = journal.mark();
    epochs.push(journal.epoch);
    const inner = journal.mark();
    epochs.push(journal.epoch);
    journal.forget(inner);
    epochs.push(journal.epoch);
    expect(epochs[0]).toBe(0);
    expect(new Set(epochs).size).toBe(4);
    expect(journal.isOpen).toBe(true);
    journal.rollBack(outer);
    expect(journal.isOpen).toBe(false);
    expect(journal.epoch).toBe(0);
  });
});
