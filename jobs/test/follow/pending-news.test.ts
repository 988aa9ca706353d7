// What follow tells of pending blocks, and how often.

import { VerificationError } from "@forklift/pipeline";
import type { PendingReport } from "@forklift/replayer";
import pino from "pino";
import { expect, test } from "vitest";
import { PendingNews, pendingState } from "../../src/run/follow/pending-news.ts";

const WHOLE: PendingReport = {
  ...{ height: 5n, stateHash: "3Nroot" as PendingReport["stateHash"] },
  ...{ provenTo: 9n, blocks: 4, proven: 4, forks: 0, applied: 4, beside: 0 },
  ...{ tips: [], differences: [], notProven: [], cutAt: null },
};
const first = { height: 10n, stateHash: "3Ncut" as PendingReport["stateHash"] };
const CUT: PendingReport = { ...WHOLE, cutAt: first };

function openNews() {
  const told: string[] = [];
  const write = (line: string) => {
    const { level, height, msg } = JSON.parse(line);
    told.push([pino.levels.labels[level], height, msg].filter(Boolean).join(" "));
  };
  return { told, news: new PendingNews(pino({}, { write })) };
}

test("a tail that is cut is told of once, and once when it is whole again", () => {
  const { told, news } = openNews();
  for (const report of [WHOLE, CUT, CUT, { ...CUT, cutAt: { ...first, height: 12n } }]) {
    news.tell(report);
  }
  expect(told).toEqual([
    expect.stringMatching(/^warn 10 more blocks are pending than are replayed/),
  ]);
  for (const report of [WHOLE, WHOLE]) news.tell(report);
  expect(told.slice(1)).toEqual(["info all pending blocks are replayed again"]);
});

test("a block that differs is told of once", () => {
  const { told, news } = openNews();
  const error = new VerificationError("differs", { hint: "compare" });
  const difference = { ...first, expected: "jxA", found: null, isOnBestChain: true, error };
  const differs = { ...WHOLE, differences: [difference] } as unknown as PendingReport;
  for (const report of [differs, WHOLE, differs]) news.tell(report);
  expect(told).toEqual(["error a pending block of the best chain differs"]);
});

test("the state of a cycle has the height of the cut, where there is one", () => {
  expect(pendingState(CUT)).toMatchObject({ provenTo: 9, cutAt: 10 });
  expect(pendingState(WHOLE)).not.toHaveProperty("cutAt");
});
