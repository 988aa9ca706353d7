// The pending blocks of a source that grows: replayed in memory with their forks, before they are canonical. The
// cases that take longer stand in pending-cases.test.ts.

import { VerificationError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { openTailSandbox } from "./tail-sandbox.ts";

test("a pending tail replays what is new, and is what a first look finds", {
  tags: ["only-in-all"],
}, async () => {
  await using sandbox = await openTailSandbox({
    forkLength: (height) => (height === 4 ? 4 : height === 9 ? 1 : 0),
  });
  const tail = sandbox.openTail();
  await sandbox.source.grow(14);
  await sandbox.prove(tail);
  expect((await sandbox.prove(tail)).applied).toBe(0);
  await sandbox.source.grow(1);
  const later = await sandbox.prove(tail);
  const first = await sandbox.prove(sandbox.openTail({ threads: 2 }));
  expect(later.applied).toBeLessThan(first.applied);
  expect({ ...later, applied: 0 }).toStrictEqual({ ...first, applied: 0 });
});

test("a pending tail has two tips where two blocks stand at the highest height", {
  tags: ["only-in-all"],
}, async () => {
  await using sandbox = await openTailSandbox({ forkLength: (height) => (height === 6 ? 2 : 0) });
  await sandbox.source.grow(6);
  const report = await sandbox.prove(sandbox.openTail());
  expect(report.tips.map(({ height, provenTo }) => [height, provenTo])).toStrictEqual([
    [7n, 7n],
    [7n, 7n],
  ]);
  expect(report).toMatchObject({ forks: 1, provenTo: 7n, blocks: 6 });
});

test("a pending tail names the one block whose recorded ledger hash is wrong", async () => {
  await using sandbox = await openTailSandbox({ forkLength: () => 0 });
  await sandbox.source.grow(8);
  const [wrong, other] = sandbox.source.arrived.slice(-3);
  const isKnown = sandbox.openTail();
  await sandbox.prove(isKnown);
  const set = "update blocks set ledger_hash = $2 where state_hash = $1";
  await sandbox.change(set, [wrong!.stateHash, other!.ledgerHash]);
  for (const tail of [isKnown, sandbox.openTail()]) {
    const report = await sandbox.prove(tail);
    expect(report.differences).toHaveLength(1);
    const [difference] = report.differences;
    expect(difference).toMatchObject({
      ...{ height: wrong!.height, stateHash: wrong!.stateHash, isOnBestChain: true },
      ...{ expected: other!.ledgerHash, found: wrong!.ledgerHash },
    });
    expect(difference!.error).toBeInstanceOf(VerificationError);
    expect(difference!.error.message).toBe(
      `block ${wrong!.stateHash} at height ${wrong!.height}: has ledger hash ` +
        `${other!.ledgerHash}, its replay gives ${wrong!.ledgerHash}`,
    );
    // The blocks above give what they say: they are proven all the same.
    expect(report).toMatchObject({ provenTo: wrong!.height - 1n, notProven: [] });
    expect(report.proven).toBe(report.blocks - 1);
    expect(report.tips[0]).toMatchObject({ provenTo: wrong!.height - 1n });
  }
  await sandbox.change(set, [wrong!.stateHash, wrong!.ledgerHash]);
  const mended = await sandbox.prove(isKnown);
  expect(mended).toMatchObject({ differences: [], provenTo: sandbox.source.tip.height });
});
