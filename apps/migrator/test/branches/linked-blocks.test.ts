// Which blocks of branches are taken, by what they stand on. Pure.

import type { BranchRef, MigratedBlock } from "@forklift/archive";
import { expect, test } from "vitest";
import type { LeftOutBlock } from "../../src/branches/left-out-blocks.ts";
import { linkBlocks } from "../../src/branches/linked-blocks.ts";
import { historyOf } from "../../src/commands/history-options.ts";

interface Given {
  readonly name: string;
  readonly height: bigint;
  readonly parent: string;
  readonly parentHeight?: bigint | null;
  readonly parentIs?: BranchRef["parentIs"];
  /** Why it could not be merged. */
  readonly fault?: string;
}

/** As the source lists them: ascending. */
function link(blocks: readonly Given[], held: readonly string[] = ["chain"]) {
  const refs = blocks.map(
    ({ name, height, parent, parentHeight = height - 1n, parentIs = "branch" }): BranchRef => ({
      ...{ height, stateHash: name, parentHash: parent, parentHeight, parentIs },
      status: "orphaned",
    }),
  );
  const merged = blocks.map(({ name, height, fault }) =>
    fault === undefined
      ? ({ stateHash: name, height } as unknown as MigratedBlock)
      : ({ stateHash: name, height, cause: "file", reason: fault } satisfies LeftOutBlock),
  );
  const { taken, leftOut } = linkBlocks(refs, merged, new Set(held));
  return {
    taken: taken.map(({ stateHash }) => stateHash as string),
    leftOut: Object.fromEntries(leftOut.map(({ stateHash, reason }) => [stateHash, reason])),
  };
}

test("forks of forks are taken with what they stand on", () => {
  const { taken, leftOut } = link([
    { name: "a", height: 5n, parent: "chain" },
    { name: "b", height: 6n, parent: "a" },
    { name: "c", height: 6n, parent: "a" },
    { name: "d", height: 7n, parent: "c" },
  ]);
  expect(taken).toEqual(["a", "b", "c", "d"]);
  expect(leftOut).toEqual({});
});

test("what stands on a block that is left out is left out, and its sibling is taken", () => {
  const { taken, leftOut } = link([
    { name: "a", height: 5n, parent: "chain" },
    { name: "b", height: 6n, parent: "a", fault: "no source has a sound block" },
    { name: "c", height: 6n, parent: "a" },
    { name: "d", height: 7n, parent: "b" },
    { name: "e", height: 8n, parent: "d" },
  ]);
  expect(taken).toEqual(["a", "c"]);
  expect(leftOut).toEqual({
    b: "no source has a sound block",
    d: "its parent b is left out",
    e: "its parent d is left out",
  });
});

test("a gap, a circle and a parent that is not migrated are told apart", () => {
  const { taken, leftOut } = link([
    { name: "gap", height: 5n, parent: "gone", parentHeight: null },
    { name: "low", height: 6n, parent: "high", parentHeight: 7n },
    { name: "high", height: 7n, parent: "low" },
    { name: "pending's", height: 8n, parent: "pending", parentIs: "neither" },
  ]);
  expect(taken).toEqual([]);
  expect(leftOut).toEqual({
    gap: "its parent gone is not in the source",
    low: "its parent high stands at height 7 of the source",
    high: "its parent low is left out",
    "pending's": "its parent pending is not migrated",
  });
});

test("orphans are required of a history that has some", () => {
  expect(historyOf({})).toEqual({ history: "canonical", requireOrphans: false });
  expect(historyOf({ history: "all", requireOrphans: true }).requireOrphans).toBe(true);
  expect(() => historyOf({ requireOrphans: true })).toThrow("--require-orphans");
});
