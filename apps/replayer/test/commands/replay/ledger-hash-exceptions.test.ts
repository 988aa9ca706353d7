// Blocks whose ledger hash is not demanded.

import type { StageReport } from "@forklift/pipeline";
import {
  changedCopy,
  inProcess,
  isMainnetDataMissing,
  replayArguments,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";

const { runJson, expectUntouched } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  describe.concurrent("a replay that finds", () => {
    describe("blocks whose ledger hash is not demanded", () => {
      const wrongHashes = (...heights: number[]) =>
        `update blocks set ledger_hash = (select ledger_hash from blocks where height = 60)
         where height in (${heights})`;

      test("carries the state on and counts them", { tags: ["only-in-all"] }, async ({
        ahead,
        archive,
        checkpoint,
        newFolder,
      }) => {
        const { stateHashes } = archive;
        await using target = await changedCopy(ahead, wrongHashes(70, 71));
        const excepted = [70, 71].flatMap((at) => ["--ledger-hash-exception", stateHashes[at]!]);
        const { stages } = await runJson<{ stages: readonly StageReport[] }>(
          replayArguments(target, await newFolder(), checkpoint, ...excepted),
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
        const args = replayArguments(target, await newFolder(), checkpoint, ...excepted);
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
});
