// A replay that finds no checkpoint goes on from the database alone.
// @module-tag only-in-all

import { readdir, utimes, writeFile } from "node:fs/promises";
import path from "node:path";
import {
  changedCopy,
  contentsOf,
  digestsOf,
  filesIn,
  inProcess,
  isMainnetDataMissing,
  openTestDatabase,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";
import { expectSameFiles, newest } from "../checkpoints-in.ts";
import { MIDDLE, replay, test } from "../replayed-archive.ts";

const { run, expectRefusal } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("on real mainnet blocks", () => {
  describe.concurrent("a replay without a checkpoint", () => {
    test("goes on from the database alone, to the same rows and the same checkpoint", async ({
      replayed: { topDigests, behind, topFolder },
      newFolder,
    }) => {
      await using target = await openTestDatabase(behind);
      const folder = await newFolder();
      const killed = ".mainnet-checkpoint-5.json.01234567-89ab-cdef-0123-456789abcdef.partial";
      await writeFile(path.join(folder, killed), "half");
      const longAgo = new Date(Date.now() - 7_200_000);
      await utimes(path.join(folder, killed), longAgo, longAgo);
      const { exit, stderr } = await run(replay(target, folder, "--log-json"));
      expect(exit, stderr).toBe(0);
      expect(stderr).toContain(`removed ${killed}, which a killed run left unfinished`);
      expect(await readdir(folder)).not.toContain(killed);
      expect(stderr).toContain(`reading the ledger of height ${MIDDLE} back from`);
      expect(await digestsOf(target)).toEqual(topDigests);
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
    ] as const)(
      "finds %s before it writes",
      async ([_name, sql, exit, says], { replayed: { behind }, newFolder }) => {
        await using target = await changedCopy(behind, sql);
        const before = await contentsOf(target);
        const folder = await newFolder();
        await expectRefusal(replay(target, folder), {
          exit,
          says: [says],
          next: "forklift verify",
        });
        expect(await contentsOf(target)).toEqual(before);
        expect(await filesIn(folder)).toEqual({});
      },
    );
  });
});
