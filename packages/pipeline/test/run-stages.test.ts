// The runner's promises, on stages that count. The same promises on real databases: jobs/test.

import { describe, expect, test } from "vitest";
import {
  type BatchStage,
  EXIT,
  exitCodeOf,
  firstError,
  type Observer,
  type RunContext,
  runStages,
  type Stage,
  TryAgainError,
  UsageError,
  VerificationError,
  type WholeStage,
} from "../src/index.ts";

/** Stands for a database: what is in it when a transaction begins comes back when it fails. */
interface World {
  rows: number[];
  marks: Map<string, unknown>;
  readonly events: string[];
  closed: number;
}

function openWorld(): World {
  return { rows: [], marks: new Map(), events: [], closed: 0 };
}

type Tx = World;

function contextOf(world: World, more: Partial<RunContext<World, Tx>> = {}): RunContext<World, Tx> {
  const observer: Observer = {
    stageStarted: ({ stage, index, count }) => world.events.push(`${index}/${count} ${stage}`),
    stagePlanned: ({ plan }) => world.events.push(`planned ${JSON.stringify(plan)}`),
    stageProgressed: ({ done, unit }) => world.events.push(`${done} ${unit}`),
    stageEnded: ({ stage, skipped }) => world.events.push(`${stage} ${skipped ?? "done"}`),
  };
  let clock = 0;
  return {
    world,
    observer,
    signal: new AbortController().signal,
    now: () => clock++,
    marks: {
      load: async (stage) => world.marks.get(stage) ?? null,
      save: async (_tx, stage, cursor) => {
        world.marks.set(stage, cursor);
      },
    },
    async transaction(work) {
      const before = { rows: [...world.rows], marks: new Map(world.marks) };
      try {
        return await work(world);
      } catch (error) {
        Object.assign(world, before);
        throw error;
      }
    },
    ...more,
  };
}

const COUNT_TO = 5;

type CountStage = BatchStage<World, Tx, { to: number }, number, World>;

function counting(more: Partial<CountStage> = {}): CountStage {
  return {
    id: "count",
    kind: "batches",
    plan: async () => ({ to: COUNT_TO }),
    resume: ({ to }, mark) =>
      mark === to ? { skip: `counted to ${to} already` } : ((mark as number | null) ?? 0),
    open: async (world) =>
      Object.assign(Object.create(world) as World, {
        [Symbol.asyncDispose]: async () => {
          world.closed++;
        },
      }),
    run: async (tx, _tools, { to }, cursor) => {
      tx.rows.push(cursor + 1);
      return {
        cursor: cursor + 1,
        isLast: cursor + 1 === to,
        rowCount: 1,
        progress: { done: BigInt(cursor + 1), total: BigInt(to), unit: "numbers" },
      };
    },
    verify: async (world, { to }) => [
      { name: "numbers", expected: String(to), actual: String(world.rows.length) },
    ],
    ...more,
  };
}

describe("runStages", () => {
  test("runs every batch, tells of it, and closes what the stage opened", async () => {
    const world = openWorld();
    const [report] = await runStages([counting()], contextOf(world));
    expect(world.rows).toEqual([1, 2, 3, 4, 5]);
    expect(report).toMatchObject({ stage: "count", rowCount: COUNT_TO });
    expect(world.events).toEqual([
      "1/1 count",
      'planned {"to":5}',
      ...["1", "2", "3", "4", "5"].map((n) => `${n} numbers`),
      "count done",
    ]);
    expect(world.closed).toBe(1);
  });

  test("a second run changes nothing and says why", async () => {
    const world = openWorld();
    await runStages([counting()], contextOf(world));
    const [report] = await runStages([counting()], contextOf(world));
    expect(report).toMatchObject({ skipped: "counted to 5 already", rowCount: 0 });
    expect(world.rows).toEqual([1, 2, 3, 4, 5]);
  });

  test("a crash in any batch, then a run, equals no crash", async () => {
    for (let crashAt = 1; crashAt <= COUNT_TO; crashAt++) {
      const world = openWorld();
      const crash = counting({
        run: async (...args) => {
          const batch = await counting().run(...args);
          if (batch.cursor === crashAt) throw new Error("crash");
          return batch;
        },
      });
      await expect(runStages([crash], contextOf(world))).rejects.toThrow("crash");
      expect(world.rows).toHaveLength(crashAt - 1);
      expect(world.marks.get("count") ?? 0).toBe(crashAt - 1);
      expect(world.closed).toBe(1);
      await runStages([counting()], contextOf(world));
      expect(world.rows).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test("a signal ends the run before the next batch, and the next run goes on", async () => {
    const world = openWorld();
    const stop = new AbortController();
    const context = contextOf(world, { signal: stop.signal });
    const stopping = counting({
      run: async (...args) => {
        const batch = await counting().run(...args);
        if (batch.cursor === 3) stop.abort();
        return batch;
      },
    });
    await expect(runStages([stopping], context)).rejects.toThrow(TryAgainError);
    expect(world.rows).toEqual([1, 2, 3]);
    await runStages([counting()], contextOf(world));
    expect(world.rows).toEqual([1, 2, 3, 4, 5]);
  });

  test("a check that disagrees stops the run and names both values", async () => {
    const world = openWorld();
    const wrong = counting({
      verify: async () => [{ name: "numbers", expected: "6", actual: "5" }],
    });
    const run = runStages([wrong, counting()], contextOf(world));
    await expect(run).rejects.toThrow("count: numbers: expected 6, found 5");
    await expect(run).rejects.toThrow(VerificationError);
  });

  test("a stage that stands still is our bug, not an endless loop", async () => {
    const still = counting({
      run: async (_tx, _tools, _plan, cursor) => ({
        cursor,
        isLast: false,
        rowCount: 0,
        progress: { done: 0n, total: null, unit: "numbers" },
      }),
    });
    const run = runStages([still], contextOf(openWorld()));
    await expect(run).rejects.toThrow("count stands still");
  });

  test("a plan with nothing to do skips the stage, and the next one runs", async () => {
    const world = openWorld();
    const idle: WholeStage<World, never> = {
      id: "idle",
      kind: "whole",
      plan: async () => ({ skip: "there is no work" }),
      run: async () => {
        throw new Error("must not run");
      },
      verify: async () => [],
    };
    const stages: Stage<World, Tx>[] = [idle, counting()];
    const reports = await runStages(stages, contextOf(world));
    expect(reports.map(({ skipped }) => skipped)).toEqual(["there is no work", undefined]);
  });
});

test("what was not thrown on purpose is our bug", () => {
  expect(exitCodeOf(new UsageError("no"))).toBe(EXIT.usage);
  expect(exitCodeOf(new TypeError("oops"))).toBe(EXIT.bug);
  expect(exitCodeOf("a text")).toBe(EXIT.bug);
});

test("an error counts, not that of the cleaning up after it", async () => {
  const failing = async () => {
    await using _outer = { [Symbol.asyncDispose]: () => Promise.reject(new Error("not closed")) };
    await using _inner = { [Symbol.asyncDispose]: () => Promise.reject(new Error("nor that")) };
    throw new UsageError("no");
  };
  const error: unknown = await failing().catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(UsageError);
  expect(firstError(error)).toEqual(new UsageError("no"));
  expect(exitCodeOf(error)).toBe(EXIT.usage);
});
