// A checkpoint that does not fit: refused, nothing written.
// @module-tag only-in-all

import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  byName,
  changedCopy,
  filesIn,
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
  replayArguments,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";

const { run, expectUntouched } = inProcess(replayer);

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
        await expectUntouched(target, replayArguments(target, folder, copy), {
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
      await expectUntouched(target, replayArguments(target, await newFolder(), checkpoint), {
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
      const ran = await run(replayArguments(target, folder, checkpoint));
      expect(ran.exit, ran.stderr).toBe(0);
      expect(ran.stderr).toMatch(/"level":"warn".*passed over: checkpoint .* is torn/);
    });
  });
});
