// A checkpoint that does not fit, a target that its replay does not give, a stop point that is not
// there: refused, nothing written.

import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import { encodeBase58check, VERSION_BYTE } from "@forklift/chain";
import { loadNetwork } from "@forklift/network";
import { runStages, type StageReport } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type ReplayerWorld, replayCommands } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import {
  forkliftJson,
  isMainnetDataMissing,
  MAINNET,
  openTestDatabase,
  openTestSession,
  runForklift,
  type TestDatabase,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { contentsOf, filesIn } from "../contents.ts";
import { changedCopy } from "../small-archive.ts";
import { expectUntouched, replay, test } from "./fixture.ts";
import { byName, expectRefusal } from "./refusal.ts";

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a checkpoint", () => {
    interface Wrong {
      readonly name: string;
      readonly alter: (text: string) => string;
      readonly keepsMeta: boolean;
      readonly says: (hashes: readonly string[]) => (string | RegExp)[];
      readonly next: string;
    }

    test.for(
      byName<Wrong>([
        {
          name: "cut off",
          alter: (text) => text.slice(0, text.length / 2),
          keepsMeta: true,
          says: () => ["is torn or no checkpoint"],
          next: "use an older checkpoint",
        },
        {
          name: "that its meta file does not vouch for",
          alter: (text) => text.replace(/("balance":")(\d)/, "$19$2"),
          keepsMeta: true,
          says: () => [/has SHA-256 [0-9a-f]{64}, its meta file says [0-9a-f]{64}/],
          next: "torn or was altered",
        },
        {
          name: "with another balance",
          alter: (text) => text.replace(/("balance":")(\d)/, "$19$2"),
          keepsMeta: false,
          says: (hashes) => [
            /does not belong to this database: its ledger hash is j\w+/,
            `block ${hashes[60]} at height 60 of the target has ledger hash jx`,
          ],
          next: "published with this database",
        },
      ]),
    )(
      "%s is refused",
      async ([_name, { alter, keepsMeta, says, next }], {
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        const folder = await newFolder();
        const original = checkpoint;
        const copy = path.join(folder, path.basename(original));
        await writeFile(copy, alter(await readFile(original, "utf8")));
        const meta = (name: string) => name.replace(/json$/, "meta.json");
        if (keepsMeta) await copyFile(meta(original), meta(copy));
        await using target = await openTestDatabase(ahead);
        const before = await filesIn(folder);
        await expectUntouched(target, replay(target, folder, copy), {
          exit: 65,
          says: [folder, path.basename(copy), ...says(archive.stateHashes)],
          next,
        });
        expect(await filesIn(folder)).toEqual(before);
      },
    );

    test("above the recorded accounts is refused", async ({ ahead, checkpoint, newFolder }) => {
      await using target = await changedCopy(
        ahead,
        `delete from accounts_accessed where block_id in (select id from blocks where height > 30);
         delete from accounts_created where block_id in (select id from blocks where height > 30);
         delete from forklift.progress_mark where stage = 'replay-commands'`,
      );
      await expectUntouched(target, replay(target, await newFolder(), checkpoint), {
        exit: 65,
        says: ["stands at height 60", "recorded up to height 30 only"],
        next: "an older one",
      });
    });

    test("that is torn is passed over, with the reason, when another one will do", async ({
      ahead,
      checkpoint,
      newFolder,
    }) => {
      const folder = await newFolder();
      await writeFile(path.join(folder, path.basename(checkpoint)), '{"genesis_le');
      await using target = await openTestDatabase(ahead);
      const ran = await runForklift(replay(target, folder, checkpoint));
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/"level":"warn".*passed over: checkpoint .* is torn/);
    });
  });

  describe.concurrent("a replay that finds", () => {
    /** The user command at a place, in SQL. */
    const userAt = (height: number, sequenceNo: number) =>
      `(select c.user_command_id from blocks_user_commands c join blocks b on b.id = c.block_id
        where b.height = ${height} and c.sequence_no = ${sequenceNo})`;
    const blockAt = (height: number) => `(select id from blocks where height = ${height})`;
    const setUser = (height: number, change: string) =>
      `update user_commands set ${change} where id = ${userAt(height, 0)}`;
    const HASHES = /: has ledger hash j\w+, its replay gives j\w+/;
    const ANOTHER_MEMO = encodeBase58check(
      VERSION_BYTE.memo,
      Buffer.from([1, 4, ...Buffer.alloc(32, "x")]),
    );

    test.for<[name: string, height: number, sql: string, (string | RegExp)[]]>([
      ["another amount", 66, setUser(66, "amount = (amount::numeric + 1)::text"), [HASHES]],
      ["another fee", 67, setUser(67, "fee = (fee::numeric + 1)::text"), [HASHES]],
      ["another memo", 68, setUser(68, `memo = '${ANOTHER_MEMO}'`), [HASHES]],
      [
        "another nonce",
        69,
        setUser(69, "nonce = nonce + 1"),
        [/payment Ckp\w+ \(sequence_no 0\) cannot be applied: .* has nonce 97, expected 96 of B62/],
      ],
      [
        "another receiver",
        70,
        setUser(70, "receiver_id = (select creator_id from blocks where height = 69)"),
        [HASHES],
      ],
      [
        "two commands in each other's place",
        73,
        `update blocks_user_commands set sequence_no = 1 - sequence_no
         where block_id = ${blockAt(73)} and sequence_no in (0, 1)`,
        [/\(sequence_no 0\) cannot be applied: .* has nonce 104, expected 103 of B62/],
      ],
      [
        "a user command less",
        74,
        `delete from blocks_user_commands where block_id = ${blockAt(74)} and sequence_no = 2`,
        [HASHES],
      ],
      [
        "a command more",
        72,
        `insert into blocks_user_commands (block_id, user_command_id, sequence_no, status)
         values (${blockAt(72)}, ${userAt(72, 0)}, 7, 'applied')`,
        [/\(sequence_no 7\) cannot be applied: .* has nonce 102, expected 103 of B62/],
      ],
      [
        "internal commands less",
        71,
        `delete from blocks_internal_commands where block_id = ${blockAt(71)}`,
        [HASHES],
      ],
      [
        "another ledger hash",
        70,
        `update blocks set ledger_hash = (select ledger_hash from blocks where height = 69)
         where height = 70`,
        [HASHES],
      ],
      [
        "another status",
        65,
        `update blocks_user_commands set status = 'failed',
           failure_reason = 'Amount_insufficient_to_create_account'
         where block_id = ${blockAt(65)} and sequence_no = 1`,
        [
          /payment Ckp\w+ \(sequence_no 1\) is recorded as failed/,
          "failed (Amount_insufficient_to_create_account), its replay gives applied",
        ],
      ],
      [
        // The hash of block 68 comes from a thread, and is the first difference all the same.
        "a wrong hash before a wrong nonce",
        68,
        `${setUser(69, "nonce = nonce + 1")};
         update blocks set ledger_hash = (select ledger_hash from blocks where height = 67)
         where height = 68`,
        [HASHES],
      ],
    ])(
      "%s stops at its height and writes nothing of its batch",
      async ([_name, height, sql, says], { ahead, archive, checkpoint, newFolder }) => {
        const folder = await newFolder();
        await using target = await changedCopy(ahead, sql);
        await expectUntouched(target, replay(target, folder, checkpoint), {
          exit: 20,
          says: [`block ${archive.stateHashes[height]} at height ${height}: `, ...says],
          next: "forklift verify",
        });
        expect(await filesIn(folder)).toEqual({});
      },
    );

    test("a difference in its second batch keeps the first", async ({
      ahead,
      checkpoint,
      newFolder,
    }) => {
      await using target = await changedCopy(
        ahead,
        "update blocks set ledger_hash = (select ledger_hash from blocks where height = 69) where height = 70",
      );
      const folder = await newFolder();
      const args = replay(target, folder, checkpoint, "--checkpoint-interval", "6");
      await expectRefusal(args, { exit: 20, says: ["at height 70"], next: "forklift verify" });
      await using session = await openTestSession(target);
      expect(await standingOf(session)).toEqual({ recorded: "66", marked: "66" });
    });

    describe("recorded balances", () => {
      const REPLAY_ONLY = "replay without --source-db";

      /** Of the first command of a block. */
      const balanceAt = (stateHash: string | undefined, sequenceNo: number) =>
        `(block_sequence_no = ${sequenceNo} and
          block_id = (select id from blocks where state_hash = '${stateHash}'))`;

      test("that all agree counts them", async ({ ahead, archive, checkpoint, newFolder }) => {
        // Nonces of the old archives are wrong here and there, which says nothing of the replay.
        await using source = await archive.changedSource(
          `update balances set nonce = nonce + 1
           where nonce is not null and ${balanceAt(archive.stateHashes[70], 0)}`,
        );
        await using target = await openTestDatabase(ahead);
        const { stages } = await forkliftJson<{ stages: readonly StageReport[] }>(
          replay(target, await newFolder(), checkpoint, "--source-db", source.url),
        );
        await using session = await openTestSession(source);
        const [row] = await session.query<{ balances: string; nonces: string }>(
          `select count(*) as balances, count(nonce) as nonces from balances
           where block_id in (select id from blocks where state_hash = any($1))`,
          [archive.stateHashes.slice(61)],
        );
        expect(stages[0]?.details).toMatchObject({
          ledgerHashesCompared: 15,
          ledgerHashExceptionsUsed: 0,
          balancesCompared: Number(row!.balances),
          noncesCompared: Number(row!.nonces),
          swappedBalances: 0,
          wrongNonces: 1,
        });
        expect(Number(row!.nonces)).toBe(28);
      });

      test("that differ stops", async ({ ahead, archive, checkpoint, newFolder }) => {
        await using source = await archive.changedSource(
          `update balances set balance = balance + 1 where ${balanceAt(archive.stateHashes[71], 1)}`,
        );
        await using target = await openTestDatabase(ahead);
        const args = replay(target, await newFolder(), checkpoint, "--source-db", source.url);
        await expectUntouched(target, args, {
          exit: 20,
          says: [
            `block ${archive.stateHashes[71]} at height 71: after coinbase Ckp`,
            /\(sequence_no 1\) the old archive records balance \d+ of B62\w+, its replay gives \d+/,
          ],
          next: REPLAY_ONLY,
        });
      });

      test("finds two commands in each other's place that give the same ledger", async ({
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        await using target = await changedCopy(
          ahead,
          `update blocks_user_commands set sequence_no = 3 - sequence_no
           where block_id = ${blockAt(63)} and sequence_no in (1, 2)`,
        );
        const args = replay(
          target,
          await newFolder(),
          checkpoint,
          "--source-db",
          archive.source.url,
        );
        await expectUntouched(target, args, {
          exit: 20,
          says: [`block ${archive.stateHashes[63]} at height 63: after payment`, "(sequence_no 1)"],
          next: REPLAY_ONLY,
        });
      });

      test("of an older archive are refused", async ({ ahead, archive, checkpoint, newFolder }) => {
        await using source = await archive.changedSource(
          `delete from balances where block_id in (select id from blocks where height >= 70);
           delete from blocks where height >= 70`,
        );
        await using target = await openTestDatabase(ahead);
        const args = replay(target, await newFolder(), checkpoint, "--source-db", source.url);
        await expectUntouched(target, args, {
          exit: 78,
          says: [`has no block ${archive.stateHashes[70]}`, "at height 70"],
          next: "that the target was migrated from",
        });
      });
    });

    describe("blocks whose ledger hash is not demanded", () => {
      const wrongHashes = (...heights: number[]) =>
        `update blocks set ledger_hash = (select ledger_hash from blocks where height = 60)
         where height in (${heights})`;

      test("carries the state on and counts them", async ({
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        const { stateHashes } = archive;
        await using target = await changedCopy(ahead, wrongHashes(70, 71));
        const excepted = [70, 71].flatMap((at) => ["--ledger-hash-exception", stateHashes[at]!]);
        const { stages } = await forkliftJson<{ stages: readonly StageReport[] }>(
          replay(target, await newFolder(), checkpoint, ...excepted),
        );
        expect(stages[0]?.details).toMatchObject({
          ledgerHashesCompared: 13,
          ledgerHashExceptionsUsed: 2,
        });
      });

      test("stops at the first block behind them that differs, and names both", async ({
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        const { stateHashes } = archive;
        await using target = await changedCopy(ahead, wrongHashes(70, 71));
        const excepted = ["--ledger-hash-exception", stateHashes[70]!];
        const args = replay(target, await newFolder(), checkpoint, ...excepted);
        await expectUntouched(target, args, {
          exit: 20,
          says: [
            `block ${stateHashes[71]} at height 71: has ledger hash`,
            `block ${stateHashes[70]} at height 70 before it is a known exception (named by the operator)`,
          ],
          next: "--ledger-hash-exception",
        });
      });
    });
  });

  test("a replay ends exactly at its stop point, and a later one goes on from there", async ({
    ahead,
    archive,
    checkpoint,
    newFolder,
  }) => {
    const { stateHashes } = archive;
    const folder = await newFolder();
    await using target = await openTestDatabase(ahead);
    await forkliftJson(replay(target, folder, checkpoint, "--stop-at-height", "66"));
    const slot = async (height: number) => {
      await using session = await openTestSession(target);
      const [row] = await session.query<{ slot: string }>(
        "select global_slot_since_genesis + 1 as slot from blocks where height = $1",
        [height],
      );
      return row!.slot;
    };
    const checkpointFile = async (height: number) =>
      `mainnet-checkpoint-${await slot(height)}.json`;
    expect(Object.keys(await filesIn(folder))).toContain(await checkpointFile(66));
    {
      await using session = await openTestSession(target);
      expect(await standingOf(session)).toEqual({ recorded: "66", marked: "66" });
    }
    interface WrongStop {
      readonly stop: readonly string[];
      readonly exit: 64 | 65 | 78;
      readonly says: readonly string[];
      readonly next: string;
    }
    const wrongStops: readonly WrongStop[] = [
      {
        stop: ["--stop-at-height", "70", "--fork-state-hash", stateHashes[71]!],
        exit: 64,
        says: [stateHashes[71]!, "stands at height 71, --stop-at-height says 70"],
        next: "two that agree",
      },
      {
        stop: ["--stop-at-height", "76"],
        exit: 65,
        says: [`ends at height 75 (${stateHashes[75]})`, "--stop-at-height says 76"],
        next: "forklift migrate",
      },
      {
        stop: ["--fork-state-hash", MAINNET.tip],
        exit: 65,
        says: ["ends at height 75", `has no block ${MAINNET.tip}`],
        next: "forklift migrate",
      },
      {
        stop: ["--stop-at-height", "65"],
        exit: 78,
        says: ["recorded up to height 66", `above the stop point ${stateHashes[65]} at height 65`],
        next: "forklift unwind --to-height 65",
      },
    ];
    for (const { stop, ...refusal } of wrongStops) {
      await expectUntouched(target, replay(target, folder, checkpoint, ...stop), refusal);
    }
    const more = ["--fork-state-hash", stateHashes[70]!, "--stop-at-height", "70"];
    await forkliftJson(replay(target, folder, checkpoint, ...more));
    expect(Object.keys(await filesIn(folder))).toContain(await checkpointFile(70));
    await using session = await openTestSession(target);
    expect(await standingOf(session)).toEqual({ recorded: "70", marked: "70" });
  });

  test("a replay that is asked to stop leaves a checkpoint, and goes on to the same end on any number of threads", async ({
    ahead,
    newFolder,
  }) => {
    const fromGenesis = `
      delete from accounts_accessed where block_id <> (select id from blocks where height = 1);
      delete from accounts_created;
      delete from forklift.progress_mark where stage = 'replay-commands'`;
    const [folder, other] = [await newFolder(), await newFolder()];
    await using target = await changedCopy(ahead, fromGenesis);
    await using plain = await changedCopy(ahead, fromGenesis);

    const stopped = replayHere(target, folder, { threads: 2, stopAfterBatch: true });
    await expect(stopped).rejects.toThrow("stopped by a signal");
    {
      await using session = await openTestSession(target);
      const { recorded, marked } = await standingOf(session);
      // The first batch is a trial of 50 blocks.
      expect({ recorded, marked }).toEqual({ recorded: "51", marked: "51" });
    }
    const [left] = (await checkpointsIn(folder)).map(({ height }) => height);
    expect(left).toBe(51);

    const [resumed] = await replayHere(target, folder, { threads: 1 });
    expect(resumed?.details).toMatchObject({ ledgerHashesCompared: 24, checkpointsWritten: 1 });
    const [whole] = await replayHere(plain, other, { threads: 2 });
    expect(whole?.details).toMatchObject({ ledgerHashesCompared: 74, checkpointsWritten: 1 });
    const [rows, rowsOfWhole] = [await contentsOf(target), await contentsOf(plain)];
    for (const contents of [rows, rowsOfWhole]) delete contents["forklift.progress_mark"];
    expect(rows).toEqual(rowsOfWhole);
    const [ends, end] = [await checkpointsIn(folder), await checkpointsIn(other)];
    expect(ends.at(-1)).toEqual(end.at(-1));
  });
});

/** As `forklift replay` runs it, with everything of the process in the test's hands. */
async function replayHere(
  database: TestDatabase,
  folder: string,
  { threads, stopAfterBatch }: { readonly threads: number; readonly stopAfterBatch?: true },
): Promise<readonly StageReport[]> {
  await using target = await openTestSession(database);
  await using targetReader = await openTestSession(database);
  const stop = new AbortController();
  return await runStages<ReplayerWorld, Session>([replayCommands], {
    world: {
      target,
      targetReader,
      balances: null,
      stop: { forkStateHash: null, stopAtHeight: null },
      threads,
      network: await loadNetwork("mainnet"),
      genesisLedger: null,
      checkpointUrl: null,
      checkpoints: openStore(pathToFileURL(`${folder}/`).href),
      checkpointIntervalBlocks: 1000n,
      checkpointIntervalMs: 3_600_000,
      now: () => performance.now(),
      warn: () => undefined,
    },
    marks: progressMarks(target),
    signal: stop.signal,
    now: () => performance.now(),
    observer: {
      stageStarted: () => undefined,
      stagePlanned: () => undefined,
      stageProgressed: () => {
        if (stopAfterBatch === true) stop.abort();
      },
      stageEnded: () => undefined,
    },
    transaction: (work) => target.transaction(() => work(target)),
  });
}

/** Ascending. */
async function checkpointsIn(folder: string) {
  const names = Object.keys(await filesIn(folder)).filter((name) => !name.includes("meta"));
  const read = names.map(async (name) => {
    const content = await readFile(path.join(folder, name), "utf8");
    const meta = await readFile(path.join(folder, name.replace(/json$/, "meta.json")), "utf8");
    return { name, height: (JSON.parse(meta) as { height: number }).height, content };
  });
  return (await Promise.all(read)).sort((a, b) => a.height - b.height);
}

async function standingOf(session: Session): Promise<Record<string, unknown>> {
  const [row] = await session.query(
    `select max(b.height) as recorded,
       (select cursor ->> 'height' from forklift.progress_mark
        where stage = 'replay-commands') as marked
     from accounts_accessed a join blocks b on b.id = a.block_id`,
  );
  return row!;
}
