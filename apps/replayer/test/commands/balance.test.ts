// What accounts held at a block, answered out of the rows of one branch, and refused when a row of any account
// is not what it was.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import {
  changedCopy,
  contentsOf,
  inProcess,
  isMainnetDataMissing,
  LEDGER,
  MAINNET,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../src/commands/index.ts";

const { run, runJson, expectRefusal } = inProcess(replayer);

/** The tip of the archive, and a block below it. */
const TOP = 60;
const MIDDLE = 40;

/** What upgrades an archive of Berkeley. */
const MESA = path.resolve(import.meta.dirname, "../../../../schemas/mesa");

/** A key of nobody on mainnet at these heights. */
const NOBODY = "B62qrPN5Y5yq8kGE3FbVKbGTdTAJNdtNtB5sNVpxyRwWGcDEhpMzc8g";

/** A block of a greater height, whose name is free here. */
const OTHER = MAINNET.tip;

interface Amount {
  readonly nanomina: string;
  readonly mina: string;
}

interface Document {
  readonly block: {
    readonly height: number;
    readonly stateHash: string;
    readonly chainStatus: string;
  };
  readonly accountsInLedger: number;
  readonly accounts: readonly {
    readonly publicKey: string;
    readonly exists: boolean;
    readonly total: Amount;
    readonly liquid: Amount;
    readonly locked: Amount;
    readonly nonce: number;
    readonly delegate: string;
    readonly timing: object | null;
  }[];
}

interface Held {
  readonly key: string;
  readonly balance: string;
  readonly nonce: string;
  readonly height: string;
}

const balance = ({ url }: Pick<TestDatabase, "url">, at: number | string, ...keys: string[]) => [
  ...["balance", "--target-db", url, "--at", String(at), ...keys],
];

/** The newest row of each account up to a height, by a query of this test's own. */
async function newestRows(target: TestDatabase, height: number): Promise<Held[]> {
  await using session = await openTestSession(target);
  return await session.query<Held>(
    `select distinct on (k.id) k.value as key, a.balance, a.nonce, b.height
     from accounts_accessed a join blocks b on b.id = a.block_id
     join account_identifiers i on i.id = a.account_identifier_id join public_keys k on k.id = i.public_key_id
     where b.height <= $1 order by k.id, b.height desc`,
    [height],
  );
}

describe.skipIf(isMainnetDataMissing())("balance on real mainnet blocks", () => {
  test("is that of the newest row, at the tip, below it, by state hash and at genesis", {
    tags: ["only-in-all"],
  }, async ({ primed: top, archive: { stateHashes } }) => {
    await using target = await openTestDatabase(top);
    const rows = await newestRows(target, TOP);
    const lately = rows.filter(({ height }) => Number(height) > MIDDLE).slice(0, 5);
    expect(lately).toHaveLength(5);
    const keys = lately.map(({ key }) => key);
    const before = await contentsOf(target);

    const atTop = await runJson<Document>(balance(target, TOP, ...keys, NOBODY));
    expect(atTop.block).toMatchObject({ height: TOP, stateHash: stateHashes[TOP] });
    expect(atTop.accountsInLedger).toBe(rows.length);
    expect(atTop.accounts.map(({ total, nonce }) => [total?.nanomina, String(nonce)])).toEqual([
      ...lately.map(({ balance: held, nonce }) => [held, nonce]),
      [undefined, "undefined"],
    ]);
    expect(atTop.accounts.at(-1)).toEqual({ publicKey: NOBODY, exists: false });

    const atMiddle = await newestRows(target, MIDDLE);
    const byHash = await runJson<Document>(balance(target, stateHashes[MIDDLE]!, ...keys));
    const found = new Map(atMiddle.map((row) => [row.key, row.balance]));
    expect(byHash.accounts.map(({ publicKey, total }) => [publicKey, total?.nanomina])).toEqual(
      keys.map((key) => [key, found.get(key)]),
    );
    expect(await runJson(balance(target, MIDDLE, ...keys))).toEqual(byHash);

    const genesis = await loadGenesisLedger(await loadNetwork("mainnet"), LEDGER);
    const timed = genesis.accounts.find(({ timing }) => timing !== null)!;
    const atGenesis = await runJson<Document>(balance(target, 1, timed.publicKey));
    const [held] = atGenesis.accounts;
    expect(held!.total.nanomina).toBe(`${timed.balance}`);
    expect(held!.locked.nanomina).toBe(`${timed.timing!.initialMinimumBalance}`);
    expect(BigInt(held!.liquid.nanomina) + BigInt(held!.locked.nanomina)).toBe(timed.balance);
    const { stdout } = await run(balance(target, 1, timed.publicKey, NOBODY));
    expect(stdout).toContain("does not exist at this block");
    expect(stdout).toContain("MINA locked until slot");
    expect(await contentsOf(target)).toEqual(before);
  });

  test("is refused over an altered row of another account, and over one that is no number", async ({
    primed: top,
    archive: { stateHashes },
  }) => {
    const newest = `select a.block_id, a.account_identifier_id from accounts_accessed a
      join blocks b on b.id = a.block_id order by b.height desc, a.ledger_index limit 1`;
    const changed = (set: string) =>
      changedCopy(
        top,
        `update accounts_accessed set ${set} where (block_id, account_identifier_id) = (${newest})`,
      );
    const difference = {
      exit: 20,
      says: [
        stateHashes[TOP]!,
        `at height ${TOP}`,
        "has ledger hash",
        "the accounts recorded up to it give",
      ],
      next: "forklift verify shows which",
    } as const;
    for (const set of ["balance = '1'", "nonce = nonce + 1", "delegate_id = 1"]) {
      await using altered = await changed(set);
      await expectRefusal(balance(altered, TOP, NOBODY), difference);
      // What lies below the altered row is what it was.
      await runJson(balance(altered, MIDDLE, NOBODY));
    }
    await using broken = await changed("balance = 'much'");
    const refusal = {
      exit: 65,
      says: ["not a canonical decimal integer", '"much"'],
      next: /./,
    } as const;
    await expectRefusal(balance(broken, TOP, NOBODY), refusal);
  });

  test("a height names the canonical block, a state hash any branch, whose rows alone count", {
    tags: ["only-in-all"],
  }, async ({ primed: top, archive: { stateHashes } }) => {
    // The top of the chain twice: as it was, now orphaned, and a canonical block without any command.
    await using target = await openTestDatabase(top);
    await using session = await openTestSession(target);
    await session.query("create temp table other as select * from blocks where height = $1", [TOP]);
    await session.query(
      `update other set id = nextval('blocks_id_seq'), state_hash = $1, ledger_hash = parent.ledger_hash
       from blocks parent where parent.id = other.parent_id`,
      [OTHER],
    );
    await session.query("update blocks set chain_status = 'orphaned' where height = $1", [TOP]);
    await session.query("insert into blocks select * from other");
    const [touched] = (await newestRows(target, TOP)).filter(
      ({ height }) => Number(height) === TOP,
    );
    const { key } = touched!;
    const canonical = await runJson<Document>(balance(target, TOP, key));
    expect(canonical.block).toMatchObject({ stateHash: OTHER, chainStatus: "canonical" });
    const orphaned = await runJson<Document>(balance(target, stateHashes[TOP]!, key));
    expect(orphaned.block.chainStatus).toBe("orphaned");
    expect(orphaned.accounts[0]!.total.nanomina).toBe(touched!.balance);
    const below = await runJson<Document>(balance(target, TOP - 1, key));
    expect(canonical.accounts).toEqual(below.accounts);
    expect(canonical.accounts).not.toEqual(orphaned.accounts);

    await session.query("update blocks set chain_status = 'pending' where height = $1", [TOP]);
    await expectRefusal(balance(target, TOP, key), {
      exit: 64,
      says: ["2 blocks at height", "none of them canonical", OTHER, stateHashes[TOP]!],
      next: "--at STATE_HASH",
    });
  });

  test("is not told of a block that nobody has replayed, on the chain or beside it", {
    tags: ["only-in-all"],
  }, async ({ primed: top, archive: { stateHashes } }) => {
    // As a migration leaves it, and a replay up to the block in the middle.
    await using target = await changedCopy(
      top,
      `delete from accounts_accessed where block_id in (select id from blocks where height > ${MIDDLE});
       delete from accounts_created where block_id in (select id from blocks where height > ${MIDDLE})`,
    );
    for (const at of [TOP, stateHashes[MIDDLE + 1]!]) {
      await expectRefusal(balance(target, at, NOBODY), {
        exit: 78,
        says: ["is not replayed", `accounts_accessed ends at height ${MIDDLE}`],
        next: "forklift replay",
      });
    }
    await runJson(balance(target, MIDDLE, NOBODY));
    await using orphaned = await changedCopy(
      top,
      `delete from accounts_accessed where block_id = (select id from blocks where height = ${TOP});
       update blocks set chain_status = 'orphaned' where height = ${TOP}`,
    );
    await expectRefusal(balance(orphaned, stateHashes[TOP]!, NOBODY), {
      exit: 78,
      says: ["is not replayed", stateHashes[TOP]!],
      next: "forklift replay",
    });
  });

  test("is told of an archive of Mesa, below its fork", { tags: ["only-in-all"] }, async ({
    primed: top,
  }) => {
    const form = (name: string) => readFile(path.join(MESA, `${name}.sql`), "utf8");
    const forms = await Promise.all(["0.0.5", "documented", "0.0.6"].map(form));
    await using mesa = await changedCopy(
      top,
      [
        ...forms,
        `insert into migration_history values (clock_timestamp(), '4.0.0', '0.0.6', 'test', 'applied');
         insert into protocol_versions (transaction, network, patch) values (4, 0, 0);
         update blocks set protocol_version_id = (select max(id) from protocol_versions) where height = ${TOP}`,
      ].join(";\n"),
    );
    const [touched] = (await newestRows(mesa, MIDDLE)).filter(({ height }) => height !== "1");
    const { accounts } = await runJson<Document>(balance(mesa, MIDDLE, touched!.key));
    expect(accounts[0]!.total.nanomina).toBe(touched!.balance);
    await expectRefusal(balance(mesa, TOP, touched!.key), {
      exit: 78,
      says: ["protocol version 4.0.0"],
      next: "last pre-fork block",
    });
  });

  test("names what cannot be answered: a key, a block, a block after the fork", {
    tags: ["only-in-all"],
  }, async ({ primed: top, archive: { stateHashes } }) => {
    await using target = await openTestDatabase(top);
    await expectRefusal(balance(target, TOP, NOBODY, "B62qnobody"), {
      exit: 64,
      says: ["B62qnobody"],
      next: /./,
    });
    await expectRefusal(balance(target, "tip", NOBODY), {
      exit: 64,
      says: ["--at", "tip"],
      next: /./,
    });
    await expectRefusal(balance(target, TOP + 1, NOBODY), {
      exit: 64,
      says: [`no block at height ${TOP + 1}`, `heights 1 to ${TOP}`],
      next: "--at",
    });
    await using later = await changedCopy(
      top,
      `with later as (insert into protocol_versions (transaction, network, patch) values (3, 0, 0) returning id)
       update blocks set protocol_version_id = later.id from later where height = ${TOP}`,
    );
    await expectRefusal(balance(later, stateHashes[TOP]!, NOBODY), {
      exit: 78,
      says: ["protocol version 3.0.0", stateHashes[TOP]!],
      next: "last pre-fork block",
    });
  });
});
