// A replay of many blocks, which goes without the indexes of the accounts' tables, keeps the laws of stages
// and leaves what one leaves that kept them.
// @module-tag only-in-all

import {
  lacksAccountIndexes,
  progressMarks,
  readTargetTip,
  requireOwnSchema,
} from "@forklift/archive";
import { ConfigError, runStages, type StageReport, StoppedError } from "@forklift/pipeline";
import { NO_CRASH, stageLaws } from "@forklift/testkit";
import { expect, test } from "vitest";
import { SILENT } from "../../../migrator/test/migration-sandbox.ts";
import type { ReplayerContext } from "../../src/context.ts";
import { replayCommands } from "../../src/stages/replay-commands.ts";
import { planUnwind } from "../../src/unwind/plan-unwind.ts";
import { unwind } from "../../src/unwind/unwind.ts";
import { LAST_OF_MIGRATION, openReplay, type ReplaySandbox } from "../replay-sandbox.ts";
import { DAMAGE, FOREIGN_MARKS, WITHOUT_GENESIS } from "./replay-fixture.ts";

const WITHOUT = { indexesLastFromBlocks: 1n };

const openSandbox = (more: Partial<ReplayerContext> = WITHOUT) =>
  openReplay({ after: LAST_OF_MIGRATION, more });

stageLaws({
  makes: "rows",
  stage: replayCommands,
  openSandbox: () => openSandbox(),
  empty: {
    openSandbox: () => openReplay({ after: "create-schema", more: WITHOUT }),
    ends: ConfigError,
  },
  wrongInputs: { "a target without genesis accounts": WITHOUT_GENESIS },
  damage: {
    ...DAMAGE,
    removed: ({ changeTarget }) =>
      changeTarget(
        "drop index idx_accounts_accessed_block_id; drop index idx_accounts_created_block_id",
      ),
  },
  foreignMarks: FOREIGN_MARKS,
});

test("rows, indexes and foreign keys are those of a replay that kept them", async () => {
  await using without = await openSandbox();
  await using kept = await openSandbox({});
  await inSandbox(without, (context) => replay(context));
  await inSandbox(kept, (context) => replay(context));
  expect(await without.contents()).toEqual(await kept.contents());
});

test("stopped in the middle it lacks all of them, and is a target of ours", async () => {
  await using kept = await openSandbox({});
  await inSandbox(kept, async (context) => {
    await expect(replay(context, { batchesMax: 1 })).rejects.toThrow(StoppedError);
    expect(await lacksAccountIndexes(context.target)).toBe(false);
  });
  await using sandbox = await stopped();
  await inSandbox(sandbox, async ({ target }) => {
    expect(await lacksAccountIndexes(target)).toBe(true);
    await requireOwnSchema(target);
  });
});

test("a later replay builds them, be it of fewer blocks or of none", async () => {
  await using sandbox = await stopped();
  const stoppedAt = await inSandbox(sandbox, markedHeight);
  await inSandbox(sandbox, async (context) => {
    const stop = { forkStateHash: null, stopAtHeight: stoppedAt };
    const [report] = await replay({ ...context, stop });
    expect(report).toMatchObject({ rowCount: 0 });
    expect(await lacksAccountIndexes(context.target)).toBe(false);
  });
  await using kept = await openSandbox({});
  await inSandbox(kept, (context) => replay(context));
  await inSandbox(sandbox, async (context) => {
    // Fewer blocks are left than have been replayed: those of these rows are worth keeping.
    await replay(context);
  });
  expect(await sandbox.contents()).toEqual(await kept.contents());
});

test("an unwind builds them, also where no block has to go", async () => {
  for (const below of [0n, 3n, 30n]) {
    await using sandbox = await stopped();
    await inSandbox(sandbox, async (context) => {
      const { target } = context;
      const tip = await readTargetTip(target);
      const unwound = { ...context, checkpoints: null, inform: () => undefined };
      const plan = await planUnwind(unwound, tip!.height - below);
      expect(plan.buildsIndexes).toBe(true);
      await unwind(unwound, plan);
      expect(await lacksAccountIndexes(target)).toBe(false);
      await requireOwnSchema(target);
      expect((await readTargetTip(target))!.height).toBe(tip!.height - below);
      expect((await planUnwind(unwound, tip!.height - below)).buildsIndexes).toBe(false);
    });
  }
});

async function inSandbox<Result>(
  sandbox: ReplaySandbox,
  work: (context: ReplayerContext) => Promise<Result>,
): Promise<Result> {
  await using opened = await sandbox.open(NO_CRASH);
  return await work(opened.context);
}

/** A replay that a signal has stopped after its first batch. */
async function stopped(): Promise<ReplaySandbox> {
  const sandbox = await openSandbox();
  await inSandbox(sandbox, (context) =>
    expect(replay(context, { batchesMax: 1 })).rejects.toThrow(StoppedError),
  );
  return sandbox;
}

async function markedHeight({ target }: ReplayerContext): Promise<bigint> {
  const mark = await progressMarks(target).load(replayCommands.id);
  return BigInt((mark as { readonly height: string }).height);
}

async function replay(
  context: ReplayerContext,
  { batchesMax = Number.POSITIVE_INFINITY }: { readonly batchesMax?: number } = {},
): Promise<readonly StageReport[]> {
  const { target } = context;
  const stop = new AbortController();
  let batches = 0;
  return await runStages([replayCommands], {
    context,
    marks: progressMarks(target),
    transaction: (work) => target.transaction(() => work(target)),
    signal: stop.signal,
    now: () => performance.now(),
    observer: {
      ...SILENT,
      stageProgressed() {
        batches += 1;
        if (batches === batchesMax) stop.abort();
      },
    },
  });
}
