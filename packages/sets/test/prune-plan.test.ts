// Which sets the rules keep, and what no rule can take away.

import { manifestOf } from "@forklift/testkit";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, planRetention, type RetentionRules } from "../src/prune-plan.ts";

const DATE = new Date("2024-06-30T12:00:00Z");

/** One set a day, the newest first; the day is counted back from the 30th of June. */
function daily(days: number, change: (day: number) => Partial<Candidate> = () => ({})) {
  return Array.from({ length: days }, (_, day): Candidate => {
    const created = new Date(DATE.getTime() - day * 86_400_000).toISOString();
    const set = manifestOf({ height: 10_000 - day, created });
    return { ...set, isVerified: null, ...change(day) };
  });
}

function keptDays(sets: readonly Candidate[], rules: RetentionRules): number[] {
  const lastGood = sets[0]?.name ?? null;
  return planRetention(sets, { rules, lastGood, date: DATE }).flatMap(({ action }, day) =>
    action === "keep" ? [day] : [],
  );
}

test.each<[RetentionRules, number[]]>([
  [{ last: 1 }, [0]],
  [{ last: 3 }, [0, 1, 2]],
  [{ daily: 2 }, [0, 1]],
  // The 30th of June 2024 is a Sunday: the week before ends on the 23rd.
  [{ weekly: 3 }, [0, 7, 14]],
  [{ monthly: 3 }, [0, 30, 61]],
  [{ last: 2, weekly: 2, monthly: 2 }, [0, 1, 7, 30]],
])("of a set a day %j keeps days %j", (rules, days) => {
  expect(keptDays(daily(90), rules)).toEqual(days);
});

test("of several sets of a day the newest stays", () => {
  const created = "2024-06-29T23:00:00.000Z";
  const sets = [manifestOf({ height: 3, created }), manifestOf({ height: 2, created })];
  const candidates = sets.map((set) => ({ ...set, isVerified: null }));
  expect(keptDays([...daily(1), ...candidates], { daily: 5 })).toEqual([0, 1]);
});

test("sets whose files are wrong do not count, and a final one always stays", () => {
  const sets = daily(6, (day) => ({ isVerified: day > 2 || day === 0 }));
  const old = { ...manifestOf({ height: 1, created: "2020-01-01T00:00:00.000Z", final: true }) };
  const all = [...sets, { ...old, isVerified: false }];
  expect(keptDays(all, { last: 3, keepIfVerified: true })).toEqual([0, 3, 4, 6]);
});

test("what stays grows cold with its age", () => {
  const rules: RetentionRules = { daily: 400, storageClass: { NEARLINE: 30, ARCHIVE: 90 } };
  const sets = daily(100);
  const plan = planRetention(sets, { rules, lastGood: sets[0]!.name, date: DATE });
  expect([0, 29, 30, 89, 90, 99].map((day) => plan[day]!.storageClass)).toEqual([
    ...[null, null, "NEARLINE", "NEARLINE", "ARCHIVE", "ARCHIVE"],
  ]);
});

test("whatever the rules, the last good set stays, and a set is kept by a reason", () => {
  const count = fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined });
  const rulesArbitrary = fc.record({
    ...{ last: count, daily: count, weekly: count, monthly: count },
    keepIfVerified: fc.boolean(),
  });
  const setsArbitrary = fc.array(fc.tuple(fc.nat(4000), fc.boolean()), { minLength: 1 });
  fc.assert(
    fc.property(rulesArbitrary, setsArbitrary, fc.nat(), (rules, days, pick) => {
      const sets = days.map(([day, isVerified], index) => {
        const created = new Date(DATE.getTime() - day * 3_600_000).toISOString();
        return { ...manifestOf({ height: 1 + index, created }), isVerified };
      });
      const lastGood = sets[pick % sets.length]!.name;
      const plan = planRetention(sets, { rules, lastGood, date: DATE });
      expect(plan).toHaveLength(sets.length);
      expect(plan.find(({ set }) => set.name === lastGood)?.action).toBe("keep");
      for (const { reasons } of plan) expect(reasons.length).toBeGreaterThan(0);
      const kept = plan.filter(({ action }) => action === "keep").length;
      const { last = 0, daily = 0, weekly = 0, monthly = 0 } = rules;
      expect(kept).toBeLessThanOrEqual(1 + last + daily + weekly + monthly);
    }),
  );
});
