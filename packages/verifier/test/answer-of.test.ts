// The answer of a verification, as it follows from the report: when it is a plain yes, and what else it
// says that it did not prove.

import { parseLedgerHash, parseStateHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { answerOf } from "../src/answer-of.ts";
import type { CheckResult } from "../src/check-result.ts";

const stateHash = parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ");
const ledgerHash = parseLedgerHash("jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee");

type Reported = Parameters<typeof answerOf>[0];

const whole: Reported = {
  ok: true,
  anchor: { height: 9n, stateHash, vouchedBy: "operator" },
  tip: { height: 9n, stateHash, ledgerHash },
  fromHeight: 1n,
  checks: [],
  dropped: [],
  coverage: {
    ...{ columns: 1, proven: 1, unproven: [], by: { "blocks.id": ["row identity"] } },
    restsOn: { "blocks.id": "chain" },
  },
  digests: {},
  rowCounts: {},
  exceptions: [],
  versions: null,
  elapsedMs: 1,
};

const withoutBlocks = [{ id: "precomputed-equal", name: "", needs: ["blocks"] }] as const;
const withoutSource = [{ id: "blocks-equal", name: "", needs: ["source"] }] as const;
const failed: CheckResult = {
  id: "precomputed-equal",
  name: "",
  ok: false,
  compared: 1,
  elapsedMs: 1,
  differences: [],
  differenceCount: 1,
};

const claims = (change: Partial<Reported>) =>
  answerOf({ ...whole, ...change }).notProven.map(({ claim, why }) => `${claim}: ${why}`);

test("what is trusted from outside and established in every column is a plain yes", () => {
  expect(answerOf(whole)).toEqual({ answer: "yes", notProven: [] });
  const preset = { ...whole.anchor, vouchedBy: "preset" } as const;
  expect(answerOf({ ...whole, anchor: preset }).answer).toBe("yes");
});

test.each<[string, Partial<Reported>, RegExp]>([
  [
    "an anchor that only the source trusts",
    { anchor: { ...whole.anchor, vouchedBy: "source" } },
    /^that this is the chain that the network agreed on: .*--trusted-state-hash/,
  ],
  [
    "blocks above the anchor",
    { anchor: { ...whole.anchor, height: 7n } },
    /^that the network agreed on the blocks at heights 8 to 9: /,
  ],
  [
    "one block above the anchor",
    { anchor: { ...whole.anchor, height: 8n } },
    /^that the network agreed on the blocks at height 9: /,
  ],
  [
    "no precomputed blocks",
    { dropped: withoutBlocks },
    /^that the state hashes and ledger hashes at heights 1 to 9 .* no state hash was recomputed$/,
  ],
  [
    "the proof of an earlier run",
    { provenBefore: { height: 9n, stateHash }, fromHeight: 10n, dropped: withoutBlocks },
    /^what stands at heights 1 to 9: it rests on the proof of an earlier run/,
  ],
  [
    "a ledger hash that was not demanded",
    { exceptions: [{ height: 4n, stateHash, reason: "no replay reproduces it" }] },
    /^that the accounts after the block at height 4 .*: no replay reproduces it$/,
  ],
  [
    "columns that only the blocks know",
    {
      dropped: withoutBlocks,
      fromHeight: 10n,
      coverage: { ...whole.coverage, unproven: ["blocks.last_vrf_output", "epoch_data.seed"] },
    },
    /^2 columns that no check established: no precomputed blocks were given$/,
  ],
  [
    "a column that no check knows",
    { coverage: { ...whole.coverage, unproven: ["blocks.extra"] } },
    /^1 column that no check established: no check knows what it should be$/,
  ],
  [
    "creation fees that were left out on demand",
    { dropped: [{ id: "accounts-created-equal", name: "", needs: ["source", "creation fees"] }] },
    /^that the source records the same creation fees: their comparison was left out on demand$/,
  ],
  [
    "an excepted ledger hash at the tip",
    { coverage: { ...whole.coverage, unproven: ["accounts_accessed.voting_for_id"] } },
    /^1 column that no check established: the ledger hash of the tip was not demanded$/,
  ],
  [
    "columns on the word of the source",
    {
      coverage: {
        ...whole.coverage,
        restsOn: { ...whole.coverage.restsOn, "blocks.timestamp": "one archive" },
      },
    },
    /^1 column resting on one archive: .*no precomputed blocks/,
  ],
  [
    "columns on the word of one file of each block",
    {
      dropped: withoutSource,
      coverage: {
        ...whole.coverage,
        restsOn: { ...whole.coverage.restsOn, "user_commands.hash": "one file" },
      },
    },
    /^1 column resting on one file: .*--signatures .*--agree/,
  ],
])("the answer makes an exception of %s", (_what, change, claim) => {
  expect(answerOf({ ...whole, ...change }).answer).toBe("yes, except");
  expect(claims(change)).toEqual([expect.stringMatching(claim)]);
});

test("a proven part and what is new above it have each an exception of its own", () => {
  const parts = {
    before: { "user_commands.hash": "one file", "internal_commands.fee": "2 sources agree" },
    now: { "user_commands.hash": "signature", "internal_commands.fee": "one file" },
  } as const;
  const restsOn = {
    "user_commands.hash": "one file",
    "internal_commands.fee": "one file",
  } as const;
  const report = {
    coverage: { ...whole.coverage, restsOn, parts },
    ...{ provenBefore: { height: 4n, stateHash }, fromHeight: 5n },
  };
  expect(claims(report)).toEqual([
    expect.stringMatching(/^what stands at heights 1 to 4: /),
    expect.stringMatching(/^1 column, up to height 4, resting on one file: /),
    expect.stringMatching(/^1 column, above height 4, resting on one file: /),
  ]);
});

test("a check that says no makes it a no, one without what it needs no answer", () => {
  const no = { ok: false, checks: [failed] };
  expect(answerOf({ ...whole, ...no })).toEqual({ answer: "no", notProven: [] });
  const unproven = { coverage: { ...whole.coverage, unproven: ["epoch_data.seed"] } };
  expect(claims({ ...no, ...unproven })).toEqual([
    "1 column that no check established: precomputed-equal did not hold",
  ]);
  const unanswered = new SourceDataError("no file", { hint: "get it" });
  const lacking = { ...failed, unanswered };
  expect(answerOf({ ...whole, ok: false, checks: [lacking] }).answer).toBe("no answer");
  expect(answerOf({ ...whole, ok: false, checks: [lacking, failed] }).answer).toBe("no");
});
