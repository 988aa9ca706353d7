// An honest stage of batches, to be broken by a test one law at a time: it writes the square of every
// number of a table into another, two in a transaction.

import { createWorkingSchema, progressMarks } from "@forklift/archive";
import { type BatchStage, ConfigError, SourceDataError } from "@forklift/pipeline";
import { connect, type Session } from "@forklift/postgres";
import {
  type BatchFixture,
  type CrashPoints,
  contentsIn,
  openTestDatabase,
  type Sandbox,
} from "../../src/index.ts";

export interface SquaresContext {
  readonly target: Session;
  /** Commits by itself, whatever becomes of the batch: no honest stage writes with it. */
  readonly aside: () => Promise<Session>;
}

interface Plan {
  readonly upTo: number;
  /** Which numbers a progress mark belongs to. */
  readonly series: string;
}

interface Cursor {
  readonly done: number;
  readonly series: string;
}

type Tools = Pick<SquaresContext, "aside">;

export type SquaresStage = BatchStage<SquaresContext, Session, Plan, Cursor, Tools>;

const BATCH_NUMBERS = 2;

export const squares: SquaresStage = {
  id: "squares",
  kind: "batches",

  async plan({ target }) {
    const [row] = await target.query<{ top: number | null; lowest: number; series: string }>(
      "select max(n) as top, min(n) as lowest, md5(string_agg(n::text, ',' order by n)) as series from numbers",
    );
    const { top, lowest, series } = row!;
    if (top === null) return { skip: "there are no numbers" };
    if (lowest < 1)
      throw new SourceDataError(`the lowest number is ${lowest}, expected 1`, {
        hint: "run again",
      });
    return { upTo: top, series };
  },

  resume({ upTo, series }, mark) {
    if (mark === null) return { done: 0, series };
    if (!isCursor(mark) || mark.series !== series)
      throw new ConfigError("another's mark", { hint: "run again" });
    return mark.done === upTo ? { skip: `${upTo} squares are there` } : mark;
  },

  async open({ aside }) {
    return { aside };
  },

  async run(tx, _tools, { upTo, series }, { done }) {
    const next = Math.min(done + BATCH_NUMBERS, upTo);
    await tx.query(
      `insert into squares select n, n * n from numbers where n > $1 and n <= $2
       on conflict (n) do update set square = excluded.square`,
      [done, next],
    );
    return {
      cursor: { done: next, series },
      isLast: next === upTo,
      rowCount: next - done,
      progress: { done: BigInt(next), total: BigInt(upTo), unit: "squares" },
    };
  },

  async verify({ target }) {
    const [row] = await target.query<{ missing: string; extra: string; wrong: string }>(
      `select count(*) filter (where s.n is null) as missing,
              count(*) filter (where m.n is null) as extra,
              count(*) filter (where s.square <> m.n * m.n) as wrong
       from numbers m full join squares s on s.n = m.n`,
    );
    return (["missing", "extra", "wrong"] as const).map((name) => {
      return { name, expected: "0", actual: row![name] };
    });
  },
};

function isCursor(mark: unknown): mark is Cursor {
  return typeof mark === "object" && mark !== null && "done" in mark && "series" in mark;
}

export interface SquaresSandbox extends Sandbox<SquaresContext> {
  change(sql: string): Promise<void>;
}

/** Made once: emptying it for every law takes a fraction of making another. */
export interface SquaresDatabase extends AsyncDisposable {
  readonly url: string;
  readonly session: Session;
}

export async function openSquaresDatabase(): Promise<SquaresDatabase> {
  const database = await openTestDatabase();
  const session = await connectTo(database.url);
  await createWorkingSchema(session);
  await session.query(
    `create table numbers (n int primary key);
     create table squares (n int primary key, square int);
     create table notes (id serial primary key, what text)`,
  );
  return {
    url: database.url,
    session,
    async [Symbol.asyncDispose]() {
      await session.close();
      await database[Symbol.asyncDispose]();
    },
  };
}

export async function openSquares(
  { url, session }: SquaresDatabase,
  numbers: string,
): Promise<SquaresSandbox> {
  await session.query(
    `drop table if exists total;
     truncate numbers, squares, notes, forklift.progress_mark restart identity;
     insert into numbers ${numbers}`,
  );
  return {
    change: async (sql) => {
      await session.query(sql);
    },
    open: async (crash: CrashPoints) => {
      const through = await crash.database(url);
      const target = await connectTo(through);
      let aside: Promise<Session> | undefined;
      return {
        context: {
          target,
          aside: () => {
            aside ??= connectTo(through);
            return aside;
          },
        },
        async [Symbol.asyncDispose]() {
          await target.close();
          await (await aside?.catch(() => undefined))?.close();
        },
      };
    },
    contents: () => contentsIn(session),
    async [Symbol.asyncDispose]() {},
  };
}

async function connectTo(url: string): Promise<Session> {
  return await connect(url, { applicationName: "forklift test" });
}

const SIX = "select generate_series(1, 6)";

export function squaresFixture(
  database: SquaresDatabase,
  stage: SquaresStage = squares,
): BatchFixture<SquaresContext, SquaresSandbox> {
  return {
    makes: "rows",
    stage,
    openSandbox: () => openSquares(database, SIX),
    empty: { openSandbox: () => openSquares(database, `${SIX} limit 0`), ends: "well" },
    wrongInputs: {
      "a number below 1": {
        spoil: ({ change }) => change("insert into numbers values (-3)"),
        error: SourceDataError,
      },
    },
    damage: {
      removed: ({ change }) => change("delete from squares where n = 3"),
      added: ({ change }) => change("insert into squares values (17, 289)"),
      altered: ({ change }) => change("update squares set square = 10 where n = 3"),
    },
    foreignMarks: { "the mark of other numbers": { done: 2, series: "of another table" } },
  };
}

/** Whether a run has left its mark. */
export async function hasMark(target: Session): Promise<boolean> {
  return (await progressMarks(target).load(squares.id)) !== null;
}
