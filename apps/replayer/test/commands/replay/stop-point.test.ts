// Where a replay ends: at its stop point, which must be there, or where a signal stops it.
// @module-tag only-in-all

import { readFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { progressMarks } from "@forklift/archive";
import { loadNetwork } from "@forklift/network";
import { runStages, type StageReport } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { openStore } from "@forklift/storage";
import {
  changedCopy,
  contentsOf,
  filesIn,
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  openTestDatabase,
  openTestSession,
  replayArguments,
  type TestDatabase,
  archiveTest as test,
} from "@forklift/testkit";
import { describe, expect } from "vitest";
import { replayer } from "../../../src/commands/index.ts";
import type { ReplayerContext } from "../../../src/context.ts";
import { replayCommands } from "../../../src/stages/replay-commands.ts";
import { standingOf } from "./standing.ts";

const { runJson, expectUntouched } = inProcess(replayer);

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  test("a replay ends exactly at its stop point, and a later one goes on from there", async ({
    ahead,
    archive,
    checkpoint,
    newFolder,
  }) => {
    const { stateHashes } = archive;
    const folder = await newFolder();
    await using target = await openTestDatabase(ahead);
    await runJson(replayArguments(target, folder, checkpoint, "--stop-at-height", "66"));
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
      await expectUntouched(target, replayArguments(target, folder, checkpoint, ...stop), refusal);
    }
    const more = ["--fork-state-hash", stateHashes[70]!, "--stop-at-height", "70"];
    await runJson(replayArguments(target, folder, checkpoint, ...more));
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
  return await runStages<ReplayerContext, Session>([replayCommands], {
    context: {
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
      blocksPerLedgerHash: 1,
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
