// The runner's promises, on stages that count. The same promises on real databases: the tests of migrator, replayer and jobs.

import { describe, expect, test } from "vitest";
import {
  type BatchStage,
  EXIT,
  exitCodeOf,
  firstError,
  type Observer,
  runStages,
  type Stage,
  type StageRun,
  TryAgainError,
  UsageError,
  VerificationError,
  type WholeStage,
} from "../src/index.ts";

/** Stands for a database: what is in it when a transaction begins comes back when it fails. */
interface Context {
  rows: number[];
  marks: Map<string, unknown>;
  readonly events: string[];
  closed: number;
}

function openContext(): Context {
  return { rows: [], marks: new Map(), events: [], closed: 0 };
}

type Tx = Context;

function runOf(context: Context, more: Partial<StageRun<Context, Tx>> = {}): StageRun<Context, Tx> {
  const observer: Observer = {
    stageStarted: ({ stage, index, count }) => context.events.push(`${index}/${count} ${stage}`),
    stagePlanned: ({ plan }) => context.events.push(`planned ${JSON.stringify(plan)}`),
    stageProgressed: ({ done, unit }) => context.events.push(`${done} ${unit}`),
    stageEnded: ({ stage, skipped }) => context.events.push(`${stage} ${skipped ?? "done"}`),
  };
  let clock = 0;
  return {
    context,
    observer,
    signal: new AbortController().signal,
    now: () => clock++,
    marks: {
      load: async (stage) => context.marks.get(stage) ?? null,
      save: async (_tx, stage, cursor) => {
        context.marks.set(stage, cursor);
      },
    },
    async transaction(work) {
      const before = { rows: [...context.rows], marks: new Map(context.marks) };
      try {
        return await work(context);
      } catch (error) {
        Object.assign(context, before);
        throw error;
      }
    },
    ...more,
  };
}

const COUNT_TO = 5;

type CountStage = BatchStage<Context, Tx, { to: number }, number, Context>;

function counting(more: Partial<CountStage> = {}): CountStage {
  return {
    id: "count",
    kind: "batches",
    plan: async () => ({ to: COUNT_TO }),
    resume: ({ to }, mark) =>
      mark === to ? { skip: `counted to ${to} already` } : ((mark as number | null) ?? 0),
    open: async (context) =>
      Object.assign(Object.create(context) as Context, {
        [Symbol.asyncDispose]: async () => {
          context.closed++;
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
    verify: async (context, { to }) => [
      { name: "numbers", expected: String(to), actual: String(context.rows.length) },
    ],
    ...more,
  };
}

describe("runStages", () => {
  test("commits a batch's rows and their mark together, or neither", async () => {
    const context = openContext();
    const marks = {
      load: async () => null,
      save: async (_tx: Tx, stage: string, cursor: unknown) => {
        if (cursor === 3) throw new TryAgainError("the connection is lost", { hint: "run again" });
        context.marks.set(stage, cursor);
      },
    };
    const run = runStages([counting()], runOf(context, { marks }));
    await expect(run).rejects.toThrow("the connection is lost");
    expect(context.rows).toEqual([1, 2]);
    expect(context.marks.get("count")).toBe(2);
  });

  test("runs every batch, tells of it, and closes what the stage opened", async () => {
    const context = openContext();
    const [report] = await runStages([counting()], runOf(context));
    expect(context.rows).toEqual([1, 2, 3, 4, 5]);
    expect(report).toMatchObject({ stage: "count", rowCount: COUNT_TO });
    expect(context.events).toEqual([
      "1/1 count",
      'planned {"to":5}',
      ...["1", "2", "3", "4", "5"].map((n) => `${n} numbers`),
      "count done",
    ]);
    expect(context.closed).toBe(1);
  });

  test("a second run changes nothing and says why", async () => {
    const context = openContext();
    await runStages([counting()], runOf(context));
    const [report] = await runStages([counting()], runOf(context));
    expect(report).toMatchObject({ skipped: "counted to 5 already", rowCount: 0 });
    expect(context.rows).toEqual([1, 2, 3, 4, 5]);
  });

  test("a crash in any batch, then a run, equals no crash", async () => {
    for (let crashAt = 1; crashAt <= COUNT_TO; crashAt++) {
      const context = openContext();
      const crash = counting({
        run: async (...args) => {
          const batch = await counting().run(...args);
          if (batch.cursor === crashAt) throw new Error("crash");
          return batch;
        },
      });
      await expect(runStages([crash], runOf(context))).rejects.toThrow("crash");
      expect(context.rows).toHaveLength(crashAt - 1);
      expect(context.marks.get("count") ?? 0).toBe(crashAt - 1);
      expect(context.closed).toBe(1);
      await runStages([counting()], runOf(context));
      expect(context.rows).toEqual([1, 2, 3, 4, 5]);
    }
  });

  test("a signal ends the run before the next batch, and the next run goes on", async () => {
    const context = openContext();
    const stop = new AbortController();
    const stoppable = runOf(context, { signal: stop.signal });
    const stopping = counting({
      run: async (...args) => {
        const batch = await counting().run(...args);
        if (batch.cursor === 3) stop.abort();
        return batch;
      },
    });
    await expect(runStages([stopping], stoppable)).rejects.toThrow(TryAgainError);
    expect(context.rows).toEqual([1, 2, 3]);
    await runStages([counting()], runOf(context));
    expect(context.rows).toEqual([1, 2, 3, 4, 5]);
  });

  test("a check that disagrees stops the run and names both values", async () => {
    const context = openContext();
    const wrong = counting({
      verify: async () => [{ name: "numbers", expected: "6", actual: "5" }],
    });
    const run = runStages([wrong, counting()], runOf(context));
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
    const run = runStages([still], runOf(openContext()));
    await expect(run).rejects.toThrow("count stands still");
  });

  test("a plan with nothing to do skips the stage, and the next one runs", async () => {
    const context = openContext();
    const idle: WholeStage<Context, never> = {
      id: "idle",
      kind: "whole",
      plan: async () => ({ skip: "there is no work" }),
      run: async () => {
        throw new Error("must not run");
      },
      verify: async () => [],
    };
    const stages: Stage<Context, Tx>[] = [idle, counting()];
    const reports = await runStages(stages, runOf(context));
    expect(reports.map(({ skipped }) => skipped)).toEqual(["there is no work", undefined]);
  });
});

test("what was not thrown on purpose is our bug", () => {
  expect(exitCodeOf(new UsageError("no", { hint: "run again" }))).toBe(EXIT.usage);
  expect(exitCodeOf(new TypeError("oops"))).toBe(EXIT.bug);
  expect(exitCodeOf("a text")).toBe(EXIT.bug);
});

test("an error counts, not that of the cleaning up after it", async () => {
  const failing = async () => {
    await using _outer = { [Symbol.asyncDispose]: () => Promise.reject(new Error("not closed")) };
    await using _inner = { [Symbol.asyncDispose]: () => Promise.reject(new Error("nor that")) };
    throw new UsageError("no", { hint: "run again" });
  };
  const error: unknown = await failing().catch((thrown: unknown) => thrown);
  expect(error).not.toBeInstanceOf(UsageError);
  expect(firstError(error)).toEqual(new UsageError("no", { hint: "run again" }));
  expect(exitCodeOf(error)).toBe(EXIT.usage);
});
