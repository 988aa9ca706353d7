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
  const check = { id: "blocks-equal", name: "All block hashes equal", ok: false, compared: 7 };
  const proofs = { by: { "a.c": ["chain"] }, restsOn: { "a.c": "chain" } } as const;
  const coverage = { columns: 2, proven: 1, unproven: ["a.b"], ...proofs } as const;
  const open = { claim: "1 column", why: "no blocks", columns: ["a.b"] };
  const answer = { answer: "no", notProven: [open] } as const;
  const same = { ok: false, ...answer, dropped: [], coverage, digests: { blocks: "00" } };
  const parts = { before: { "a.c": "chain" }, now: {} } as const;
  const json = toJson({
    ...{ ...same, coverage: { ...coverage, parts } },
    anchor: { height: 8n, stateHash, vouchedBy: "preset" },
    tip: { height: 9n, stateHash, ledgerHash },
    fromHeight: 3n,
    provenBefore: { height: 2n, stateHash },
    checks: [{ ...check, elapsedMs: 1250, differences, differenceCount: 1 }],
    rowCounts: { blocks: "9" },
    exceptions: [{ height: 4n, stateHash, reason: "why" }],
    signatures: { share: { which: "share", percent: 5 }, checked: 7, of: 140 },
    versions: {},
    elapsedMs: 2500,
  });
  expect(JSON.parse(JSON.stringify(json))).toEqual({
    ...same,
    anchor: { height: 8, stateHash, vouchedBy: "preset" },
    blocksAboveAnchor: 1,
    tip: { height: 9, stateHash, ledgerHash },
    fromHeight: 3,
    provenBefore: { height: 2, stateHash },
    checks: [{ ...check, seconds: 1.25, differenceCount: 1, differences }],
    rowCounts: { blocks: 9 },
    exceptions: [{ height: 4, stateHash, reason: "why" }],
    signatures: { share: "5%", checked: 7, of: 140 },
    seconds: 2.5,
  });
});
