// Checkpoint files without a database: what is written, what is read, what is refused.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import type { TargetBlock } from "@forklift/archive";
import {
  parseGlobalSlotSinceGenesis,
  parseStateHash,
  publicKeyText,
  type StateHash,
} from "@forklift/chain";
import {
  encodeAccount,
  Ledger,
  newAccount,
  openLedgerTree,
  permutationsDone,
} from "@forklift/ledger";
import type { Network } from "@forklift/network";
import { openStore, type Store } from "@forklift/storage";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkpointOf, parseCheckpointName } from "../../src/checkpoint/checkpoint.ts";
import { CheckpointTiming } from "../../src/checkpoint/checkpoint-timing.ts";
import { loadCheckpoint } from "../../src/checkpoint/load-checkpoint.ts";
import { readMetaHead } from "../../src/checkpoint/read-meta.ts";
import { hasCheckpoint, writeCheckpoint } from "../../src/checkpoint/write-checkpoint.ts";

const BLOCK = {
  height: 2025n,
  stateHash: parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4") as StateHash,
  globalSlotSinceGenesis: parseGlobalSlotSinceGenesis("2899"),
};
const NAME = "mainnet-checkpoint-2900.json";
const META = "mainnet-checkpoint-2900.meta.json";

const ACCOUNTS = 1500;
/** From here on whole ledgers are hashed on threads. */
const MANY_ACCOUNTS = 5200;

/** One in three is timed, one in five has paid; every fourth delegates to the account before. */
function* accounts(count: number) {
  const keyAt = (index: number) =>
    publicKeyText({ x: BigInt(index + 1) * 0x1234567890abcdefn, isOdd: index % 2 === 1 });
  for (let index = 0; index < count; index++) {
    const account = newAccount(keyAt(index), BigInt(index) * 1_000_000_007n);
    yield {
      ...account,
      nonce: BigInt(index % 5),
      delegate: index % 4 === 1 ? keyAt(index - 1) : account.delegate,
      timing:
        index % 3 === 0
          ? {
              initialMinimumBalance: BigInt(index),
              cliffTime: 36_480n,
              cliffAmount: 1n,
              vestingPeriod: 10n,
              vestingIncrement: 3n,
            }
          : null,
    };
  }
}

/** What the work costs in hashes, none of which threads have done. */
async function permutationsOf<Value>(work: () => Promise<Value>): Promise<[number, Value]> {
  const before = permutationsDone();
  const value = await work();
  return [permutationsDone() - before, value];
}

describe("a checkpoint", () => {
  let folder: string;
  let store: Store;
  let ledger: Ledger;

  const load = (told: string[] = []) =>
    loadCheckpoint({ store, name: NAME }, { winner: null, inform: (line) => told.push(line) });
  const fileAt = (name: string) => path.join(folder, name);
  const alter = async (name: string, change: (text: string) => string) => {
    await writeFile(fileAt(name), change(await readFile(fileAt(name), "utf8")));
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), "forklift-checkpoints-"));
    store = openStore(pathToFileURL(`${folder}/`).href);
    ledger = new Ledger(accounts(ACCOUNTS));
  });

  afterAll(() => rm(folder, { recursive: true }));

  const write = async () => await writeCheckpoint(store, "mainnet", checkpointOf(BLOCK, ledger));

  test("with its meta file is loaded without hashing an account again", async () => {
    await write();
    const [permutations, loaded] = await permutationsOf(load);
    // The nodes above the leaves, one permutation each; an account would take four more.
    expect(permutations).toBeGreaterThanOrEqual(ACCOUNTS - 1);
    expect(permutations).toBeLessThanOrEqual(ACCOUNTS + 20);
    expect([...loaded.ledger.accounts()]).toEqual([...ledger.accounts()]);
    expect(loaded.ledger.ledgerHash()).toBe(ledger.ledgerHash());
    expect(loaded).toMatchObject({
      startSlot: 2900n,
      statedHash: ledger.berkeleyLedgerHash(),
      meta: {
        ...BLOCK,
        network: "mainnet",
        ledgerHash: ledger.ledgerHash(),
        berkeleyLedgerHash: ledger.berkeleyLedgerHash(),
        accountCount: ACCOUNTS,
      },
    });
  });

  test("has official keys only at the top, and everything of its accounts", async () => {
    const written = JSON.parse(await readFile(fileAt(NAME), "utf8"));
    expect(written).toEqual({
      target_epoch_ledgers_state_hash: null,
      start_slot_since_genesis: 2900,
      genesis_ledger: {
        hash: ledger.berkeleyLedgerHash(),
        num_accounts: ACCOUNTS,
        add_genesis_winner: true,
        accounts: [...ledger.accounts()].map(encodeAccount),
      },
      first_pass_ledger_hashes: [],
      last_snarked_ledger_hash: null,
    });
  });

  test("written beside a replay holds the ledger as it stood, while that goes on", async () => {
    const many = new Ledger(accounts(1200));
    const beside = openStore(pathToFileURL(`${folder}/beside/`).href);
    const context = {
      ...{ checkpoints: beside, network: { name: "mainnet" } as Network, now: () => 0 },
      ...{
        checkpointIntervalBlocks: 10n,
        checkpointIntervalMs: 1000,
        threads: 2,
        blocksPerLedgerHash: 1,
      },
    };
    await using tree = openLedgerTree(many, 2);
    const expected = new Ledger(many.accounts());
    const timing = new CheckpointTiming(context, many, tree, 0n);
    await timing.begin(BLOCK as TargetBlock);
    many.table.setBalance(7, 1n);
    expect(timing.written).toBe(0);
    await timing.settle();
    expect(timing.written).toBe(1);
    const loaded = await loadCheckpoint(
      { store: beside, name: NAME },
      { winner: null, inform: () => undefined },
    );
    expect([...loaded.ledger.accounts()]).toEqual([...expected.accounts()]);
    expect(loaded.meta?.ledgerHash).toBe(expected.ledgerHash());
    expect(loaded.meta?.berkeleyLedgerHash).toBe(expected.berkeleyLedgerHash());
  });

  test("that could not be written beside a replay is told of by the next one", async () => {
    await writeFile(fileAt("no-folder"), "");
    const context = {
      checkpoints: openStore(pathToFileURL(`${folder}/no-folder/`).href),
      ...{ network: { name: "mainnet" } as Network, now: () => 0 },
      ...{
        checkpointIntervalBlocks: 10n,
        checkpointIntervalMs: 1000,
        threads: 2,
        blocksPerLedgerHash: 1,
      },
    };
    const few = new Ledger(accounts(3));
    await using tree = openLedgerTree(few, 2);
    const timing = new CheckpointTiming(context, few, tree, 0n);
    await timing.begin(BLOCK as TargetBlock);
    await expect(timing.begin(BLOCK as TargetBlock)).rejects.toThrow("no-folder");
  });

  test("tells of itself by the first line of its meta file", async () => {
    const { leafHashes: _, ...expected } = JSON.parse(await readFile(fileAt(META), "utf8"));
    const head = await readMetaHead({ store, name: NAME });
    expect(head).toMatchObject({
      ...BLOCK,
      checkpointSha256: expected.checkpoint_sha256,
      checkpointBytes: BigInt(expected.checkpoint_bytes),
    });
    expect(await hasCheckpoint(store, "mainnet", BLOCK)).toBe(true);
    await alter(META, (text) => text.slice(0, text.indexOf("\n") + 5));
    expect(await readMetaHead({ store, name: NAME })).toEqual(head);
  });

  test.each<[string, string, (text: string) => string, string | RegExp]>([
    ["cut off", NAME, (text) => text.slice(0, 90_000), "ends in the middle of its accounts"],
    ["cut off behind its accounts", NAME, (text) => text.slice(0, -20), "torn or no checkpoint"],
    [
      "with another balance",
      NAME,
      (text) => text.replace('"balance":"1.000000007"', '"balance":"2.000000007"'),
      /has SHA-256 \w+, its meta file says \w+/,
    ],
    [
      "with a key that the official reader refuses",
      NAME,
      (text) => text.replace("{", '{"height":2025,'),
      'it has the key "height"',
    ],
    [
      "of a newer forklift",
      META,
      (text) => text.replace('"version":2', '"version":3'),
      "it has version 3, expected 2",
    ],
    ["with a torn meta file", META, (text) => text.slice(0, -9), "not JSON"],
    [
      "with a leaf hash less",
      META,
      (text) => text.replace(/"leaf_hashes":"(.{128})/, '"leaf_hashes":"'),
      `expected 32 for each of ${ACCOUNTS} accounts`,
    ],
    [
      "with the meta file of another slot",
      META,
      (text) =>
        text.replace('"global_slot_since_genesis":2899', '"global_slot_since_genesis":2898'),
      "begins at slot 2900, its meta file ends at slot 2898",
    ],
    [
      "with a key twice",
      NAME,
      (text) => text.replace(/^\{"pk":"(\w+)"(.*)\n\{"pk":"\w+"/m, '{"pk":"$1"$2\n{"pk":"$1"'),
      "has an account already",
    ],
  ])("%s is refused", async (_name, file, change, message) => {
    await write();
    await alter(file, change);
    await expect(load()).rejects.toThrow(message);
  });

  test("of the official replayer is read: numbers, more keys, no meta file", async () => {
    await write();
    await rm(fileAt(META));
    await alter(NAME, (text) => {
      const { genesis_ledger: listed, ...rest } = JSON.parse(text);
      const official = {
        ...rest,
        start_slot_since_genesis: "2900",
        genesis_ledger: {
          ...listed,
          hash: undefined,
          name: "made-up",
          balances: [],
          s3_data_hash: null,
          // biome-ignore lint/suspicious/noExplicitAny: an account as JSON.
          accounts: listed.accounts.map((account: any) => ({
            ...account,
            index: 7,
            nonce: Number(account.nonce),
            timing: account.timing && { ...account.timing, cliff_time: 36_480 },
          })),
        },
      };
      return JSON.stringify(official, null, 2);
    });
    const [permutations, { ledger: found, meta, statedHash }] = await permutationsOf(load);
    expect(permutations).toBeGreaterThan(4 * ACCOUNTS);
    expect(found.ledgerHash()).toBe(ledger.ledgerHash());
    expect([meta, statedHash]).toEqual([null, null]);
  });

  test("of many accounts without a meta file is rehashed on threads, and tells how far", async () => {
    const many = new Ledger(accounts(MANY_ACCOUNTS));
    await writeCheckpoint(store, "mainnet", checkpointOf(BLOCK, many));
    await rm(fileAt(META));
    const told: string[] = [];
    const { ledger: found } = await load(told);
    expect(found.ledgerHash()).toBe(many.ledgerHash());
    expect(told.at(-1)).toMatch(/^hashing checkpoint .*: 5200 of 5200 accounts$/);
  });

  test("is told by its name", () => {
    expect(parseCheckpointName(NAME)).toEqual({ network: "mainnet", startSlot: 2900n });
    for (const name of [META, "mainnet-checkpoint-.json", "mainnet-set-2-3N.json", "a/b"]) {
      expect(parseCheckpointName(name)).toBeNull();
    }
  });
});
