// The balances that the old archive recorded are compared with those of the replay.

import type { StageReport } from "@forklift/pipeline";
import {
  changedCopy,
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  replayArguments,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";

const { runJson, expectUntouched } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a replay that finds", () => {
    const blockAt = (height: number) => `(select id from blocks where height = ${height})`;
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
        const { stages } = await runJson<{ stages: readonly StageReport[] }>(
          replayArguments(target, await newFolder(), checkpoint, "--source-db", source.url),
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
        const args = replayArguments(
          target,
          await newFolder(),
          checkpoint,
          "--source-db",
          source.url,
        );
        await expectUntouched(target, args, {
          exit: 20,
          says: [
            `block ${archive.stateHashes[71]} at height 71: after coinbase Ckp`,
            /\(sequence_no 1\) the old archive records balance \d+ of B62\w+, its replay gives \d+/,
          ],
          next: REPLAY_ONLY,
        });
      });

      test("finds two commands in each other's place that give the same ledger", {
        tags: ["only-in-all"],
      }, async ({ ahead, archive, checkpoint, newFolder }) => {
        await using target = await changedCopy(
          ahead,
          `update blocks_user_commands set sequence_no = 3 - sequence_no
           where block_id = ${blockAt(63)} and sequence_no in (1, 2)`,
        );
        const args = replayArguments(
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

      test("of an older archive are refused", { tags: ["only-in-all"] }, async ({
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        await using source = await archive.changedSource(
          `delete from balances where block_id in (select id from blocks where height >= 70);
           delete from blocks where height >= 70`,
        );
        await using target = await openTestDatabase(ahead);
        const args = replayArguments(
          target,
          await newFolder(),
          checkpoint,
          "--source-db",
          source.url,
        );
        await expectUntouched(target, args, {
          exit: 78,
          says: [`has no block ${archive.stateHashes[70]}`, "at height 70"],
          next: "that the target was migrated from",
        });
      });
    });
  });
});
