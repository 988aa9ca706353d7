import type { StateHash } from "@forklift/chain";
import { expect, test } from "vitest";
import { type BlockToMend, mendingStatements } from "../../src/mend/mending-script.ts";

const BLOCK: BlockToMend = {
  ref: {
    height: 30n,
    stateHash: "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ" as StateHash,
  },
  remarks: ["a remark"],
  columns: { global_slot: 7n, ledger_hash: "jwO'ther" },
  missing: null,
  repeatedIds: ["12"],
  commands: null,
};

test("a statement names its block, sets what is otherwise, and quotes what it sets", () => {
  const script = mendingStatements(BLOCK).join("\n");
  expect(script).toContain("-- height 30, state_hash 3NKeMonc");
  expect(script).toContain("--   a remark");
  expect(script).toContain('set "global_slot" = 7 where state_hash = ');
  expect(script).toContain("\"ledger_hash\" is distinct from 'jwO''ther';");
  expect(script).toContain("delete from blocks where id = 12 and state_hash = ");
});

test.each([
  ["a line more", "jw\n; drop table blocks"],
  ["a backslash", "jw\\"],
  ["another alphabet", "jwé"],
])("nothing with %s goes into a script", (_what, hash) => {
  const block = { ...BLOCK, columns: { ledger_hash: hash } };
  expect(() => mendingStatements(block)).toThrow("is not plain text");
});

test("nor does an id that is no number", () => {
  expect(() => mendingStatements({ ...BLOCK, repeatedIds: ["1 or true"] })).toThrow("is no number");
});
