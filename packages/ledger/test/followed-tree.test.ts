// A tree that follows a ledger through marks and roll backs, as random sequences: whatever the number of
// threads and the window of blocks, its answers are those of a ledger of the same accounts.

import { publicKeyText } from "@forklift/chain";
import fc from "fast-check";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import type { Mark } from "../src/accounts/journal.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { openLedgerTree } from "../src/ledger/open-ledger-tree.ts";
import { THREADS_AND_WINDOWS, type ThreadsAndWindow } from "./threads-and-windows.ts";

const KEYS = Array.from({ length: 60 }, (_, x) => publicKeyText({ x: BigInt(x), isOdd: false }));

/** A block writes some accounts, opening those that are not there. */
const block = fc.record({
  kind: fc.constant("block" as const),
  writes: fc.array(fc.tuple(fc.nat({ max: KEYS.length - 1 }), fc.nat({ max: 1000 })), {
    maxLength: 6,
  }),
});

const step = fc.oneof(
  { weight: 12, arbitrary: block },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("mark" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("rollBack" as const, "forget" as const),
      depth: fc.nat(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("wait" as const) }) },
);

type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

function change(ledger: Ledger, writes: readonly (readonly [number, number])[]): void {
  for (const [key, balance] of writes) {
    const index = ledger.indexOf(KEYS[key]!);
    if (index === undefined) ledger.append(newAccount(KEYS[key]!, BigInt(balance)));
    else ledger.table.setBalance(index, BigInt(balance));
  }
}

async function follow(
  steps: readonly Step[],
  { threads, windowBlocks }: ThreadsAndWindow,
): Promise<void> {
  const ledger = new Ledger(KEYS.slice(0, 20).map((key) => newAccount(key, 1n)));
  const plain = new Ledger(ledger.accounts());
  const marks: [Mark, Mark][] = [];
  const [answers, expected]: [Promise<string>[], string[]] = [[], []];
  await using tree = openLedgerTree(ledger, threads, windowBlocks);
  for (const one of steps) {
    if (one.kind === "block") {
      for (const each of [ledger, plain]) change(each, one.writes);
      answers.push(tree.ledgerHash());
      expected.push(plain.ledgerHash());
    } else if (one.kind === "mark") marks.push([ledger.mark(), plain.mark()]);
    else if (one.kind === "wait") await answers.at(-1);
    else if (marks.length > 0) {
      const depth = one.depth % marks.length;
      const [mark, plainMark] = marks[depth]!;
      marks.length = depth;
      ledger[one.kind](mark);
      plain[one.kind](plainMark);
    }
  }
  expect(await Promise.all(answers)).toEqual(expected);
}

async function followRandomly(how: ThreadsAndWindow, numRuns: number): Promise<void> {
  const steps = fc.array(step, { minLength: 20, maxLength: 60, size: "max" });
  await fc.assert(
    fc.asyncProperty(steps, (sequence) => follow(sequence, how)),
    { numRuns },
  );
}

test.each([1, 2])("%i threads follow a roll back", (threads) =>
  followRandomly({ threads, windowBlocks: 7 }, 1),
);

test.for(THREADS_AND_WINDOWS)(
  "$threads threads do with windows of $windowBlocks blocks, however the blocks fall",
  { tags: ["only-in-all"] },
  (how) => followRandomly(how, 4),
);

test.each([1, 2])(
  "more blocks than %i threads hash together, in the order of the questions",
  async (threads) => {
    const writes = (at: number): Step => ({ kind: "block", writes: [[at % 60, at]] });
    await follow(
      Array.from({ length: 300 }, (_, at) => writes(at)),
      { threads, windowBlocks: 128 },
    );
  },
);
