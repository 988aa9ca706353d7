// What a hand-over warns of: a final that does not end in the block that the network forked from.

import { parseStateHash } from "@forklift/chain";
import { expect, test } from "vitest";
import { handOverWarnings } from "../src/stages/hand-over.ts";

const tip = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");
const other = parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4");

const warnings = (lastPreForkBlock: Parameters<typeof handOverWarnings>[1]["lastPreForkBlock"]) =>
  handOverWarnings({ stateHash: tip, height: 40 }, { name: "sample", lastPreForkBlock });

test("the preset's last pre-fork block is handed over without a warning", () => {
  expect(warnings({ stateHash: tip, height: 40n })).toEqual([]);
});

test("any other block is handed over with a warning that names both", () => {
  expect(warnings({ stateHash: other, height: 41n })).toEqual([
    `${tip} at height 40 is not the last pre-fork block of sample, which is ${other} at height 41; ` +
      "start no archive of the new chain on this database",
  ]);
});

test("where the preset names no block, that is said", () => {
  expect(warnings(null)).toEqual([
    expect.stringContaining("the preset of sample names no last pre-fork block: nothing here says"),
  ]);
});
