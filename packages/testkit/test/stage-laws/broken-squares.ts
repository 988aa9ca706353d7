// The honest stage, broken by one law each: what a careless hand would write.

import { type Check, SourceDataError } from "@forklift/pipeline";
import { hasMark, type SquaresContext, type SquaresStage, squares } from "./squares.ts";

/** By the name of the law that it breaks. */
export const BROKEN: readonly (readonly [law: string, how: string, stage: SquaresStage])[] = [
  [
    "a plan writes nothing",
    "notes its first plan",
    {
      ...squares,
      async plan(context) {
        const plan = await squares.plan(context);
        const { target } = context;
        if ("upTo" in plan && !(await hasMark(target))) {
          await target.query(
            "insert into notes (id, what) values (1, 'plan') on conflict do nothing",
          );
        }
        return plan;
      },
    },
  ],
  [
    "an empty input ends well, or in a typed error that leaves no trace",
    "stumbles over nothing",
    {
      ...squares,
      async plan(context) {
        const plan = await squares.plan(context);
        if ("skip" in plan) throw new TypeError("cannot read the first of no numbers");
        return plan;
      },
    },
  ],
  [
    "a whole run does its work, and verifies",
    "expects one row too many",
    {
      ...squares,
      verify: async (context, plan) => [
        ...(await squares.verify(context, plan)),
        { name: "squares", expected: "7", actual: "6" },
      ],
    },
  ],
  [
    "a second run changes nothing",
    "writes its last batch again",
    {
      ...squares,
      resume(plan, mark) {
        const start = squares.resume(plan, mark);
        return "skip" in start ? { done: plan.upTo - 2, series: plan.series } : start;
      },
    },
  ],
  [
    "stopped between any two steps, then run, it equals one run",
    "leaves a note when it is stopped",
    { ...squares, interrupted: (tools) => note(tools) },
  ],
  [
    "a crash before or after any commit, then a run, equals no crash",
    "writes beside its transaction",
    {
      ...squares,
      async run(tx, tools, plan, cursor) {
        await note(tools);
        return await squares.run(tx, tools, plan, cursor);
      },
    },
  ],
  [
    "a foreign or torn progress mark is refused",
    "believes every mark",
    {
      ...squares,
      resume(plan, mark) {
        const { done } = { done: 0, ...(mark as object | null) };
        return done === plan.upTo ? { skip: "done" } : { done, series: plan.series };
      },
    },
  ],
  [
    "wrong input ends in its typed error, and leaves no trace",
    "throws what nobody knows",
    {
      ...squares,
      async plan(context) {
        try {
          return await squares.plan(context);
        } catch (error) {
          throw new Error("something is wrong with the numbers", { cause: error });
        }
      },
    },
  ],
  [
    "wrong input ends in its typed error, and leaves no trace",
    "notes what it refused",
    {
      ...squares,
      async plan(context) {
        try {
          return await squares.plan(context);
        } catch (error) {
          if (error instanceof SourceDataError) await note(context);
          throw error;
        }
      },
    },
  ],
  ["verify says no when something is removed", "counts no missing row", without("missing")],
  ["verify says no when something is added", "counts no extra row", without("extra")],
  ["verify says no when something is altered", "looks at no value", without("wrong")],
];

function without(check: Check["name"]): SquaresStage {
  return {
    ...squares,
    async verify(context, plan) {
      return (await squares.verify(context, plan)).filter(({ name }) => name !== check);
    },
  };
}

async function note({ aside }: Pick<SquaresContext, "aside">): Promise<void> {
  const session = await aside();
  await session.query("insert into notes (what) values ('note')");
}
