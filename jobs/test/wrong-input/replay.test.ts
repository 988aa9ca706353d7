// A checkpoint that does not fit, a target that its replay does not give: refused, nothing written.

import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  isMainnetDataMissing,
  openTestDatabase,
  openTestSession,
  runForklift,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { filesIn } from "../contents.ts";
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
    /** The first payment of the blocks above the checkpoint. */
    const PAYMENT = `(select c.user_command_id from blocks_user_commands c
      join blocks b on b.id = c.block_id join user_commands u on u.id = c.user_command_id
      where b.height > 60 and u.command_type = 'payment' order by b.height limit 1)`;
    const HASHES = /block 3N\w+ at height \d+: has ledger hash j\w+, its replay gives j\w+/;

    test.for<[string, string, (string | RegExp)[]]>([
      [
        "another amount",
        `update user_commands set amount = (amount::numeric + 1)::text where id = ${PAYMENT}`,
        [HASHES],
      ],
      [
        "another status",
        `update blocks_user_commands set status = 'failed',
           failure_reason = 'Amount_insufficient_to_create_account'
         where user_command_id = ${PAYMENT}`,
        [
          /block 3N\w+ at height \d+: payment \w+ \(sequence_no \d+\)/,
          "recorded as failed (Amount_insufficient_to_create_account), its replay gives applied",
        ],
      ],
      [
        "another ledger hash",
        `update blocks set ledger_hash = (select ledger_hash from blocks where height = 69)
         where height = 70`,
        ["at height 70", HASHES],
      ],
      [
        "a command less",
        `delete from blocks_internal_commands
         where block_id = (select id from blocks where height = 70)`,
        ["at height 70", HASHES],
      ],
    ])(
      "%s writes nothing of its batch",
      async ([_name, sql, says], { ahead, checkpoint, newFolder }) => {
        const folder = await newFolder();
        await using target = await changedCopy(ahead, sql);
        await expectUntouched(target, replay(target, folder, checkpoint), {
          exit: 20,
          says,
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
      const [row] = await session.query(
        `select max(b.height) as recorded,
           (select cursor ->> 'height' from forklift.progress_mark
            where stage = 'replay-commands') as marked
         from accounts_accessed a join blocks b on b.id = a.block_id`,
      );
      expect(row).toEqual({ recorded: "66", marked: "66" });
    });
  });
});
