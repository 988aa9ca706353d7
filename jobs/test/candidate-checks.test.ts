// What the candidate checks make of facts and claims, and how they are printed.

import type { ForkCandidate } from "@forklift/archive";
import { parseGlobalSlotSinceGenesis, parseStateHash } from "@forklift/chain";
import { expect, test } from "vitest";
import {
  CANDIDATE_CHECKS,
  type CandidateQuestion,
  checkCandidate,
  type ForkClaim,
  failedChecks,
} from "../src/candidate-checks.ts";
import { candidateTable } from "../src/output/candidate-table.ts";

const BLOCK = parseStateHash("3NLRTfY4kZyJtvaP4dFenDcxfoMfT3uEpkWS913KkeXLtziyVd15");
const OTHER = parseStateHash("3NLNqcUH7zRbYWZFohUM7SqqBr6itCjQkkqRMTrWsZLfbga8P3f4");

/** As mainnet's archives have it: no command above it, and fewer than 100 blocks. */
const FOUND: ForkCandidate = {
  ...{ height: 359_604n, stateHash: BLOCK, left: null, offBestChain: null, blocksAbove: 76n },
  globalSlotSinceGenesis: parseGlobalSlotSinceGenesis("564177"),
  rivals: [],
  bestTips: [{ height: 359_680n, stateHash: OTHER }],
  commandsAbove: null,
};

const PRESET: ForkClaim = {
  by: "preset",
  ...{ stateHash: BLOCK, height: 359_604n, slot: 564_177n, slotMax: 564_480n },
};

const report = (change: Partial<CandidateQuestion> = {}) =>
  checkCandidate({ stateHash: BLOCK, found: FOUND, claims: [], minConfirmations: 20, ...change });

const answers = (change: Partial<CandidateQuestion>) =>
  Object.fromEntries(report(change).checks.map(({ id, ok }) => [id, ok]));

const failed = (change: Partial<CandidateQuestion>) =>
  failedChecks(report(change)).map(({ id }) => id);

test("what nobody names is not asked, and nothing keeps a deep block from being the last", () => {
  expect(answers({})).toEqual({
    ...{ "state-hash": null, height: null, slot: null, "on-chain": true, "best-chain": true },
    ...{ confirmations: true, "no-user-commands": true },
  });
  expect(report().checks.map(({ id }) => id)).toEqual(CANDIDATE_CHECKS);
});

test("mainnet's last pre-fork block is what its preset says", () => {
  expect(Object.values(answers({ claims: [PRESET] })).every((ok) => ok === true)).toBe(true);
});

test.each<[string, Partial<CandidateQuestion>, string[]]>([
  ["another block", { claims: [{ ...PRESET, stateHash: OTHER }] }, ["state-hash"]],
  ["another height", { claims: [{ ...PRESET, height: 359_605n }] }, ["height"]],
  ["another slot", { claims: [{ ...PRESET, slot: 564_176n }] }, ["slot"]],
  ["a fork before it", { claims: [{ ...PRESET, slotMax: 564_176n }] }, ["slot"]],
  [
    "a word of preset and fork configuration that differs",
    { claims: [PRESET, { by: "fork configuration", stateHash: OTHER, height: 1n }] },
    ["state-hash", "height"],
  ],
  ["a slot by option", { claims: [{ by: "--fork-slot", slot: 1n }] }, ["slot"]],
  ["too few blocks above it", { minConfirmations: 77 }, ["confirmations"]],
  [
    "a command above it",
    {
      found: {
        ...FOUND,
        commandsAbove: { height: 359_605n, stateHash: OTHER, userCommands: 1n },
      },
    },
    ["no-user-commands"],
  ],
  ["a block that the source lacks", { found: null }, ["on-chain"]],
])("%s is refused", (_what, change, ids) => {
  expect(failed(change)).toEqual(ids);
});

test("what is off the best chain has no blocks above it to count, and is refused all the same", () => {
  const found = { ...FOUND, blocksAbove: null, offBestChain: `${OTHER} does not descend from it` };
  expect(answers({ found, minConfirmations: 0 })).toMatchObject({
    ...{ "best-chain": false, confirmations: null, "no-user-commands": null },
  });
  expect(failed({ found, minConfirmations: 0 })).toEqual(["best-chain"]);
});

test("where another chain is as high without it, nothing above it counts, and 0 takes it", () => {
  const rivals = [{ height: 359_680n, stateHash: OTHER }];
  const found = { ...FOUND, rivals, blocksAbove: 0n };
  expect(failed({ found, minConfirmations: 1 })).toEqual(["confirmations"]);
  expect(failed({ found, minConfirmations: 0 })).toEqual([]);
  const told = report({ found }).checks.find(({ id }) => id === "confirmations")?.found;
  expect(told).toBe(`0, for ${OTHER} at height 359680 does without it`);
});

test("of a named block the depth is told, and not demanded", () => {
  const change = { claims: [PRESET], minConfirmations: 290 };
  expect(answers(change)).toMatchObject({ confirmations: false });
  expect(failed(change)).toEqual([]);
});

test("the table fits, and has below it in full what no cell holds", () => {
  const found = { ...FOUND, blocksAbove: null, offBestChain: `${OTHER} does not descend from it` };
  const text = candidateTable(
    report({ found, claims: [PRESET, { by: "--fork-slot", slot: 564_177n }] }),
  );
  const lines = text.split("\n");
  const head = lines.findIndex((line) => line.startsWith("candidate check"));
  const rows = lines.slice(head, head + 2 + CANDIDATE_CHECKS.length);
  expect(Math.max(...rows.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(text).toContain(`candidate  ${BLOCK}\n           at height 359604, slot 564177`);
  expect(text).toMatch(/^state-hash +yes +3NLRTfY…Vd15 \(preset\) +3NLRTfY…Vd15$/m);
  expect(text).toMatch(/^best-chain +no, not demanded +on the best chain +\(below\)$/m);
  expect(text).toContain(`best-chain: found ${OTHER} does not descend from it`);
  expect(text).toContain(
    "slot: expected 564177 (preset), at most 564480 (preset), 564177 (--fork-slot)",
  );
});
