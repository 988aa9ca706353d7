// Checkpoints, resuming without them, taking an archive back, and the configuration of the fork: through
// the built command, on real mainnet blocks.

import { copyFile, mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  forkliftJson,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openTestDatabase,
  openTestSession,
  runForklift,
  type TestDatabase,
} from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contentsOf, filesIn } from "./contents.ts";
import { interruptRun } from "./interrupted-run.ts";
import {
  changeDatabase,
  changedCopy,
  openSmallArchive,
  type SmallArchive,
} from "./small-archive.ts";
import { expectRefusal } from "./wrong-input/refusal.ts";

const LEDGER = mainnetUrl(MAINNET.genesisLedger);
const MIDDLE = 80;
const TOP = 120;

describe.skipIf(isMainnetDataMissing())("on real mainnet blocks", () => {
  let archive: SmallArchive;
  /** Templates, never connected to: migrated and replayed at once to those heights. */
  let top: TestDatabase;
  let middle: TestDatabase;
  /** Migrated to the top, replayed to the middle. */
  let behind: TestDatabase;
  /** The checkpoints that the replays wrote. */
  let topFolder: string;
  let middleFolder: string;

  let folders = 0;
  const newFolder = async () => {
    const folder = path.join(archive.home, `folder-${++folders}`);
    await mkdir(folder);
    return folder;
  };
  const migrate = async (target: TestDatabase, height: number) => {
    await forkliftJson([
      ...["migrate", "--source-db", archive.source.url, "--target-db", target.url],
      ...["--blocks", archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet"],
      ...["--stop-at-height", String(height)],
    ]);
  };
  const replay = (target: TestDatabase, folder: string, ...more: string[]) => [
    ...["replay", "--target-db", target.url, "--checkpoints", folder, ...more],
  ];
  const checkpointsIn = async (folder: string) =>
    (await readdir(folder)).filter((name) => /checkpoint-\d+\.json$/.test(name)).sort(bySlot);
  const bySlot = (a: string, b: string) => slotOf(a) - slotOf(b);
  const slotOf = (name: string) => Number(/(\d+)\.json$/.exec(name)![1]);
  const digestsOf = async (database: TestDatabase) => {
    await using session = await openTestSession(database);
    return await digestTables(session);
  };
  /** Of the highest checkpoint in the folder. */
  const newest = async (folder: string) => path.join(folder, (await checkpointsIn(folder)).at(-1)!);
  const metaOf = (file: string) => file.replace(/json$/, "meta.json");
  const expectSameFiles = async (a: string, b: string) => {
    expect(path.basename(a)).toBe(path.basename(b));
    // Not compared by toEqual: a difference would print a megabyte.
    expect((await readFile(a)).equals(await readFile(b))).toBe(true);
    expect((await readFile(metaOf(a))).equals(await readFile(metaOf(b)))).toBe(true);
  };

  beforeAll(async () => {
    archive = await openSmallArchive({ canonicalHeight: 60, filesHeight: TOP });
    [topFolder, middleFolder] = [await newFolder(), await newFolder()];
    middle = await openTestDatabase();
    await migrate(middle, MIDDLE);
    await forkliftJson(replay(middle, middleFolder, "--genesis-ledger", LEDGER));
    behind = await openTestDatabase(middle);
    await migrate(behind, TOP);
    top = await openTestDatabase();
    await migrate(top, TOP);
    await forkliftJson(
      replay(top, topFolder, "--genesis-ledger", LEDGER, "--checkpoint-interval", "40"),
    );
  });

  afterAll(async () => {
    for (const database of [top, middle, behind]) await database?.[Symbol.asyncDispose]();
    await archive[Symbol.asyncDispose]();
  });

  describe.concurrent("checkpoint", () => {
    interface Listed {
      readonly checkpoints: readonly {
        readonly name: string;
        readonly height: number | null;
        readonly accounts: number | null;
        readonly meta: string;
      }[];
    }

    test("ls lists what a store holds, and whether each meta file fits", async () => {
      const folder = await newFolder();
      const names = await checkpointsIn(topFolder);
      expect(names).toHaveLength(3);
      for (const name of await readdir(topFolder)) {
        await copyFile(path.join(topFolder, name), path.join(folder, name));
      }
      const [torn, altered, whole] = names.map((name) => path.join(folder, name));
      await writeFile(metaOf(torn!), "{");
      const text = await readFile(altered!, "utf8");
      await writeFile(altered!, text.replace(/"balance":"1/, '"balance":"2'));
      const official = path.join(folder, "mainnet-checkpoint-9999.json");
      await copyFile(whole!, official);
      await writeFile(path.join(folder, "mainnet-set-5.json"), "no checkpoint");

      const quick = await forkliftJson<Listed>(["checkpoint", "ls", folder]);
      expect(quick.checkpoints.map(({ name }) => name)).toEqual([
        ...names,
        "mainnet-checkpoint-9999.json",
      ]);
      expect(quick.checkpoints.map(({ meta }) => meta)).toEqual([
        ...["torn", "by size", "by size", "none"],
      ]);
      const read = await forkliftJson<Listed>(["checkpoint", "ls", folder, "--digests"]);
      expect(read.checkpoints.map(({ meta }) => meta)).toEqual([
        ...["torn", "other file", "fits", "none"],
      ]);
      expect(read.checkpoints.map(({ height }) => height)).toEqual([null, MIDDLE + 1, TOP, null]);
      expect(read.checkpoints[2]!.accounts).toBeGreaterThan(1675);
      const { stdout } = await runForklift(["checkpoint", "ls", folder]);
      const lines = stdout.trimEnd().split("\n");
      expect(lines).toHaveLength(2 + 4);
      const column = lines[0]!.indexOf("meta");
      for (const line of lines.slice(2)) expect(line.slice(column - 2, column)).toBe("  ");
    });

    test("show tells what a file holds, and says so when it is not what it says", async () => {
      const file = await newest(topFolder);
      const shown = await forkliftJson<object>(["checkpoint", "show", file, "--rehash"]);
      expect(shown).toMatchObject({
        ok: true,
        network: "mainnet",
        height: TOP,
        stateHash: archive.stateHashes[TOP],
        isRehashed: true,
      });
      const folder = await newFolder();
      const copy = path.join(folder, path.basename(file));
      const text = await readFile(file, "utf8");
      await writeFile(copy, text.replace(/"balance":"1/, '"balance":"2'));
      await expectRefusal(["checkpoint", "show", copy, "--rehash"], {
        exit: 20,
        says: ["the Berkeley ledger hash of its accounts is j", "it says j"],
        next: "another checkpoint",
      });
    });

    test("diff names the accounts that differ", async () => {
      const [first, , last] = (await checkpointsIn(topFolder)).map((name) =>
        path.join(topFolder, name),
      );
      const same = await forkliftJson<object>(["checkpoint", "diff", last!, last!]);
      expect(same).toMatchObject({ ok: true, differingAccounts: 0, misplacedAccounts: 0 });
      const args = ["checkpoint", "diff", first!, last!, "--limit", "3"];
      const { stdout } = await expectRefusal(args, {
        exit: 20,
        says: [/differ in \d+ accounts, 0 stand elsewhere/],
        next: "checkpoint show",
      });
      expect(stdout).toMatch(/^B62\w+ +(balance|nonce|receipt_chain_hash) +\w+ +\w+$/m);
      expect(stdout.split("\n").filter((line) => line.startsWith("B62"))).toHaveLength(3);
    });

    test("convert goes to the official form, to a configuration and back, to the byte", async () => {
      const file = await newest(topFolder);
      const folder = await newFolder();
      const configuration = path.join(folder, "configuration.json");
      const back = path.join(folder, path.basename(file));
      const convert = (...args: string[]) => ["checkpoint", "convert", ...args];
      await forkliftJson(convert(file, configuration, "--ledger-only"));
      const { ledger } = JSON.parse(await readFile(configuration, "utf8"));
      expect(ledger.hash).toBe(JSON.parse(await readFile(file, "utf8")).genesis_ledger.hash);
      const slot = ["--start-slot", String(slotOf(file))];
      const block = ["--height", String(TOP), "--state-hash", archive.stateHashes[TOP]!];
      await forkliftJson(convert(configuration, back, ...slot, ...block, "--with-meta"));
      await expectSameFiles(back, file);
      await expectRefusal(convert(configuration, back, ...slot, "--with-meta"), {
        exit: 64,
        says: ["--height, --state-hash"],
        next: "database",
      });
      await expectRefusal(convert(metaOf(file), back), {
        exit: 65,
        says: ["lists no ledger"],
        next: "genesis configuration",
      });
    });
  });

  describe.concurrent("a replay without a checkpoint", () => {
    test("goes on from the database alone, to the same rows and the same checkpoint", async () => {
      await using target = await openTestDatabase(behind);
      const folder = await newFolder();
      const { exit, stderr } = await runForklift(replay(target, folder, "--log-json"));
      expect(exit, stderr).toBe(0);
      expect(stderr).toContain(`reading the ledger of height ${MIDDLE} back from`);
      expect(await digestsOf(target)).toEqual(await digestsOf(top));
      await expectSameFiles(await newest(folder), await newest(topFolder));
    });

    test.for([
      [
        "a changed account",
        "update accounts_accessed set balance = '1' where block_id = 1 and ledger_index = 1000",
        20,
        /has ledger hash j\w+, the accounts recorded up to it give j\w+/,
      ],
      [
        "an account that is missing",
        "delete from accounts_accessed where ledger_index = 1000",
        65,
        "no account is recorded at ledger_index 1000",
      ],
    ] as const)("finds %s before it writes", async ([_name, sql, exit, says]) => {
      await using target = await changedCopy(behind, sql);
      const before = await contentsOf(target);
      const folder = await newFolder();
      await expectRefusal(replay(target, folder), { exit, says: [says], next: "forklift verify" });
      expect(await contentsOf(target)).toEqual(before);
      expect(await filesIn(folder)).toEqual({});
    });
  });

  describe.concurrent("unwind", () => {
    interface Unwound {
      readonly rows: Readonly<Record<string, number>>;
      readonly filesToRemove: readonly string[];
      readonly checkpointToWrite: string | null;
    }

    const unwind = (target: TestDatabase, height: number, ...more: string[]) => [
      ...["unwind", "--target-db", target.url, "--to-height", String(height), ...more],
    ];
    const countsOf = async (database: TestDatabase) =>
      Object.entries(await contentsOf(database)).map(
        ([table, content]) => [table.replace("public.", ""), Number.parseInt(content, 10)] as const,
      );

    test("leaves what a migration that stopped there leaves, and what it planned", async () => {
      await using target = await openTestDatabase(top);
      const folder = await newFolder();
      // Another checkpoint of the height, and those above: as a replay at once has left them.
      for (const name of await readdir(topFolder)) {
        await copyFile(path.join(topFolder, name), path.join(folder, name));
      }
      await changeDatabase(
        target,
        `insert into forklift.progress_mark (stage, cursor) values
           ('verify-target', '{"height": "${TOP}", "stateHash": "x", "digests": {}}')`,
      );
      const [contents, files] = [await contentsOf(target), await filesIn(folder)];
      const before = new Map(await countsOf(target));
      const to = [String(MIDDLE), "--checkpoints", folder];
      const plan = await forkliftJson<Unwound>(unwind(target, MIDDLE, "--plan", ...to.slice(1)));
      expect(await contentsOf(target)).toEqual(contents);
      expect(await filesIn(folder)).toEqual(files);
      expect(plan.rows["blocks"]).toBe(TOP - MIDDLE);
      expect(plan.rows["public_keys"]).toBeGreaterThan(0);

      const done = await forkliftJson<Unwound>(unwind(target, MIDDLE, ...to.slice(1)));
      expect(done.rows).toEqual(plan.rows);
      expect(await digestsOf(target)).toEqual(await digestsOf(middle));
      for (const [table, count] of await countsOf(target)) {
        if (!(table in plan.rows)) continue;
        expect([table, before.get(table)! - count]).toEqual([table, plan.rows[table]]);
      }
      expect(plan.checkpointToWrite).toBe(path.basename(await newest(middleFolder)));
      await expectSameFiles(await newest(folder), await newest(middleFolder));
      expect(await marksOf(target)).toEqual(await marksOf(middle));

      // It is a target like any other: indexes and foreign keys, next migration and replay.
      await migrate(target, TOP);
      await forkliftJson(replay(target, folder));
      expect(await digestsOf(target)).toEqual(await digestsOf(top));
      await expectSameFiles(await newest(folder), await newest(topFolder));
    });

    test("killed in the middle leaves before or after, and ends when run again", async () => {
      await using target = await openTestDatabase(top);
      const folder = await newFolder();
      const args = unwind(target, MIDDLE, "--checkpoints", folder, "--log-json");
      const before = await contentsOf(target);
      await using session = await openTestSession(target);
      // Holds the deletion where it is half done, so that the kill meets it there.
      await session.query("begin; lock table voting_for in share mode");
      const { exit } = await interruptRun(args, {
        signal: "SIGKILL",
        line: /deleting the blocks above/,
      });
      await session.query("rollback");
      expect(exit).toBeNull();
      expect(await contentsOf(target)).toEqual(before);
      for (;;) {
        const ran = await runForklift(args);
        if (ran.exit === 0) break;
        expect(ran.stderr).toContain("is locked by");
      }
      expect(await digestsOf(target)).toEqual(await digestsOf(middle));
    });

    test("is refused above the tip, below genesis, beside another run, over what a node wrote", async () => {
      await using target = await openTestDatabase(top);
      await using session = await openTestSession(target);
      const before = await contentsOf(target);
      for (const height of [TOP + 1, 0]) {
        const says = [`--to-height ${height} is not among the heights 1 to ${TOP}`];
        await expectRefusal(unwind(target, height), { exit: 64, says, next: "tip is 3N" });
      }
      const key = BigInt(`0x${Buffer.from("forklift").toString("hex")}`);
      await session.query("select pg_advisory_lock($1)", [key]);
      await expectRefusal(unwind(target, MIDDLE), {
        exit: 75,
        says: ["is locked by"],
        next: "wait",
      });
      await session.query("select pg_advisory_unlock($1)", [key]);
      const folder = await newFolder();
      await writeFile(path.join(folder, "mainnet-set-120-3N.json"), "{}");
      await expectRefusal(unwind(target, MIDDLE, "--checkpoints", folder), {
        exit: 78,
        says: ["holds published sets"],
        next: "--checkpoints",
      });
      expect(await contentsOf(target)).toEqual(before);
      await session.query(`update blocks set chain_status = 'pending' where height = ${TOP}`);
      await expectRefusal(unwind(target, MIDDLE), {
        exit: 78,
        says: [`at height ${TOP}`, "no migration has written"],
        next: "restore a published set",
      });
    });
  });

  test("the end of a replay is compared with the configuration of the fork", async () => {
    await using target = await openTestDatabase(top);
    const { genesis_ledger: listed } = JSON.parse(await readFile(await newest(topFolder), "utf8"));
    const fork = { state_hash: archive.stateHashes[TOP], blockchain_length: TOP };
    const compare = async (ledger: object): Promise<string[]> => {
      const file = path.join(await newFolder(), "fork.json");
      await writeFile(file, JSON.stringify({ ledger, proof: { fork } }, null, 1));
      return replay(target, topFolder, "--fork-genesis-config", file);
    };
    const { accounts, hash } = listed;
    for (const ledger of [{ hash }, { hash, accounts }]) {
      const { stages } = await forkliftJson<{ stages: readonly object[] }>(await compare(ledger));
      const rowCount = "accounts" in ledger ? accounts.length : 0;
      expect(stages.at(-1)).toMatchObject({ stage: "compare-fork-genesis", rowCount });
    }
    accounts[7].balance = "0.5";
    await expectRefusal(await compare({ hash, accounts }), {
      exit: 20,
      says: [/account B62\w+ balance is \d+, expected 500000000$/],
      next: "proof.fork",
    });
  });
});

/** Without the mark of the genesis accounts, which does not name a block. */
async function marksOf(database: TestDatabase): Promise<object[]> {
  await using session = await openTestSession(database);
  return await session.query(
    "select stage, cursor from forklift.progress_mark where cursor ? 'height' order by stage",
  );
}
