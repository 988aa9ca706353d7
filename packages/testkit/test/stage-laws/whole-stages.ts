// An honest stage of a whole, and one that only looks, each beside a broken one.

import { SourceDataError, type WholeStage } from "@forklift/pipeline";
import type { InspectionFixture, WholeFixture } from "../../src/index.ts";
import {
  openSquares,
  type SquaresContext,
  type SquaresDatabase,
  type SquaresSandbox,
} from "./squares.ts";

type Stage = WholeStage<SquaresContext, object>;

/** Makes a table of the sum of the numbers, in one transaction. */
export const sum: Stage = {
  id: "sum",
  kind: "whole",

  async plan({ target }) {
    await requirePositive(target);
    const [row] = await target.query("select 1 from pg_tables where tablename = 'total'");
    return row === undefined ? {} : { skip: "the sum is there" };
  },

  async run({ target }) {
    await target.transaction(() => target.query(`${CREATE}; ${FILL}`));
    return { rowCount: 1 };
  },

  async verify({ target }) {
    const [row] = await target.query<{ sum: string; total: string | null }>(
      "select (select sum(n) from numbers) as sum, (select sum(value) from total) as total",
    );
    return [{ name: "sum", expected: row!.sum, actual: row!.total ?? "none" }];
  },
};

const CREATE = "create table total (value bigint)";
const FILL = "insert into total select coalesce(sum(n), 0) from numbers";

/** What a crash between its two transactions leaves is taken for a sum by the next plan. */
export const brokenSum: Stage = {
  ...sum,
  async run({ target }) {
    await target.query(CREATE);
    await target.query(FILL);
    return { rowCount: 1 };
  },
};

/** Only looks. */
export const look: Stage = {
  id: "look",
  kind: "whole",
  async plan() {
    return {};
  },
  async run({ target }) {
    await requirePositive(target);
    return { rowCount: 0 };
  },
  async verify() {
    return [];
  },
};

export const brokenLook: Stage = {
  ...look,
  async run(context, plan, watch) {
    const result = await look.run(context, plan, watch);
    await context.target.query("insert into notes (what) values ('looked')");
    return result;
  },
};

async function requirePositive(target: SquaresContext["target"]): Promise<void> {
  const [row] = await target.query<{ n: number }>("select n from numbers where n < 1");
  if (row !== undefined)
    throw new SourceDataError(`found ${row.n}, expected 1 or more`, { hint: "run again" });
}

function common(database: SquaresDatabase) {
  return {
    openSandbox: () => openSquares(database, "select generate_series(1, 6)"),
    empty: {
      openSandbox: () => openSquares(database, "select 1 limit 0"),
      ends: "well" as const,
    },
    wrongInputs: {
      "a number below 1": {
        spoil: ({ change }: SquaresSandbox) => change("insert into numbers values (-3)"),
        error: SourceDataError,
      },
    },
  };
}

export function sumFixture(
  database: SquaresDatabase,
  stage: Stage,
): WholeFixture<SquaresContext, SquaresSandbox> {
  return {
    makes: "a whole",
    stage,
    ...common(database),
    damage: {
      removed: ({ change }) => change("delete from total"),
      added: ({ change }) => change("insert into total values (1)"),
      altered: ({ change }) => change("update total set value = value + 1"),
    },
  };
}

export function lookFixture(
  database: SquaresDatabase,
  stage: Stage,
): InspectionFixture<SquaresContext, SquaresSandbox> {
  return { makes: "nothing", stage, ...common(database), damage: {} };
}
