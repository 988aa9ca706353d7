// A replay that differs from its target: reported at the block, nothing written.

import { encodeBase58check, VERSION_BYTE } from "@forklift/chain";
import {
  changedCopy,
  filesIn,
  inProcess,
  isMainnetDataMissing,
  openTestSession,
  replayArguments,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";
import { standingOf } from "./standing.ts";

const { expectRefusal, expectUntouched } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a replay that finds", () => {
    /** The user command at an index of a block, in SQL. */
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
      { tags: ["only-in-all"] },
      async ([_name, height, sql, says], { ahead, archive, checkpoint, newFolder }) => {
        const folder = await newFolder();
        await using target = await changedCopy(ahead, sql);
        await expectUntouched(target, replayArguments(target, folder, checkpoint), {
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
      const args = replayArguments(target, folder, checkpoint, "--checkpoint-interval", "6");
      await expectRefusal(args, { exit: 20, says: ["at height 70"], next: "forklift verify" });
      await using session = await openTestSession(target);
      expect(await standingOf(session)).toEqual({ recorded: "66", marked: "66" });
    });
  });
});
