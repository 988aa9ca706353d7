// The JSON document of a verification.

import { parseLedgerHash, parseStateHash } from "@forklift/chain";
import { expect, it } from "vitest";
import { toJson } from "../src/report.ts";

const stateHash = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");
const ledgerHash = parseLedgerHash("jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee");

it("prints heights and counts as numbers and times in seconds", () => {
  const differences = [
    { table: "blocks", key: "height 5", column: "timestamp", expected: "1", found: "2" },
  ];
  const check = { id: "blocks-equal", name: "blocks equal", ok: false, compared: 7 };
  const json = toJson({
    ok: false,
    tip: { height: 9n, stateHash, ledgerHash },
    fromHeight: 3n,
    checks: [{ ...check, elapsedMs: 1250, differences, differenceCount: 1 }],
    digests: { blocks: "00" },
    rowCounts: { blocks: "9" },
  });
  expect(JSON.parse(JSON.stringify(json))).toEqual({
    ok: false,
    tip: { height: 9, stateHash, ledgerHash },
    fromHeight: 3,
    checks: [{ ...check, seconds: 1.25, differenceCount: 1, differences }],
    digests: { blocks: "00" },
    rowCounts: { blocks: 9 },
  });
});
