// Which ledger hashes a replay requires, and when.

import {
  type GlobalSlotSinceGenesis,
  hashText,
  type LedgerHash,
  publicKeyText,
  type StateHash,
} from "@forklift/chain";
import { Ledger, newAccount, openLedgerTree } from "@forklift/ledger";
import { VerificationError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { LedgerHashCheck } from "../../src/blocks/ledger-hash-check.ts";

const stateHashAt = (height: number) => hashText("stateHash", BigInt(height)) as StateHash;
const WRONG_HASH = hashText("ledgerHash", 7n) as LedgerHash;

/** Blocks from height 2 on, one account changed by each; those at `wrong` recorded another hash. */
async function check({
  wrong,
  excepted,
  slots = null,
  blocks = 6,
  blocksPerHash = 1,
}: {
  readonly wrong: readonly number[];
  readonly excepted: readonly number[];
  readonly slots?: ReadonlySet<bigint> | null;
  readonly blocks?: number;
  readonly blocksPerHash?: number;
}) {
  const key = publicKeyText({ x: 1n, isOdd: false });
  const ledger = new Ledger([newAccount(key, 0n)]);
  const recording = new Ledger([newAccount(key, 0n)]);
  await using tree = openLedgerTree(ledger, 2);
  const exceptions = excepted.map((at) => [stateHashAt(at), { reason: "a test", slots }] as const);
  const hashes = new LedgerHashCheck(tree, new Map(exceptions), blocksPerHash);
  for (let height = 2; height < 2 + blocks; height++) {
    const block = {
      height: BigInt(height),
      stateHash: stateHashAt(height),
      globalSlotSinceGenesis: BigInt(10 * height) as GlobalSlotSinceGenesis,
    };
    await hashes.before({ ...block, ledgerHash: WRONG_HASH });
    for (const each of [ledger, recording]) each.table.setBalance(0, BigInt(height));
    await hashes.applied({
      ...block,
      ledgerHash: wrong.includes(height) ? WRONG_HASH : recording.ledgerHash(),
    });
  }
  await hashes.askLast();
  await hashes.settle();
  return { compared: hashes.compared, exceptionsUsed: hashes.exceptionsUsed };
}

test("every hash is compared, also when more are asked for than may wait", async () => {
  expect(await check({ wrong: [], excepted: [], blocks: 600 })).toEqual({
    compared: 600,
    exceptionsUsed: 0,
  });
});

test("the first difference counts, not the first that is known", async () => {
  const failed = check({ wrong: [5, 4], excepted: [] });
  await expect(failed).rejects.toThrow(VerificationError);
  await expect(check({ wrong: [5, 4], excepted: [] })).rejects.toThrow(
    `block ${stateHashAt(4)} at height 4: has ledger hash ${WRONG_HASH}, its replay gives j`,
  );
});

test("a listed block is counted when it differs, and as any other when it agrees", async () => {
  expect(await check({ wrong: [3, 4], excepted: [3, 4, 5] })).toEqual({
    compared: 4,
    exceptionsUsed: 2,
  });
});

test("a listed block stands at one of its slots, or is none of the exceptions", async () => {
  const slots = new Set([30n]);
  expect(await check({ wrong: [3], excepted: [3], slots })).toMatchObject({ exceptionsUsed: 1 });
  await expect(check({ wrong: [4], excepted: [4], slots })).rejects.toThrow("at height 4");
});

test("behind the exceptions the hash must agree again", async () => {
  const failed = check({ wrong: [3, 4, 5], excepted: [3, 4] });
  await expect(failed).rejects.toThrow(
    new RegExp(`block ${stateHashAt(5)} at height 5: .*block ${stateHashAt(4)} at height 4 before`),
  );
});

test("one block in four is compared, and the last", async () => {
  const agreeing = await check({ wrong: [], excepted: [], blocks: 10, blocksPerHash: 4 });
  expect(agreeing.compared).toBe(3);
  for (const compared of [5, 9, 11]) {
    const failed = check({ wrong: [compared], excepted: [], blocks: 10, blocksPerHash: 4 });
    await expect(failed).rejects.toThrow(`at height ${compared}: `);
  }
});

test("what stands before a listed block is compared, and not excused with it", async () => {
  const failed = check({ wrong: [4, 5], excepted: [5], blocks: 4, blocksPerHash: 32 });
  await expect(failed).rejects.toThrow("at height 4: ");
});
