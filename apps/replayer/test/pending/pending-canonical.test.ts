// Pending blocks that became canonical: what was said of them in memory is what their migration and replay say.
// @module-tag only-in-all

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { readTargetTip, targetBlockAt } from "@forklift/archive";
import type { StageReport } from "@forklift/pipeline";
import { connect, snapshot } from "@forklift/postgres";
import { openStore } from "@forklift/storage";
import { forkliftJson, type GrowingSource, openTestDatabase } from "@forklift/testkit";
import { expect, test } from "vitest";
import { KeptTail } from "../../src/pending/kept-tail.ts";
import { FINALITY, openTailSandbox } from "./tail-sandbox.ts";

const FORKS: Readonly<Record<number, number>> = { 6: 2, 9: FINALITY, 14: 1, 16: 3 };

test("a tail that was proven is migrated and replayed without a difference, and leads to the same ledger", async () => {
  await using sandbox = await openTailSandbox({ forkLength: (height) => FORKS[height] ?? 0 });
  const { source } = sandbox;
  const tail = sandbox.openTail();
  await source.grow(13);
  const before = await sandbox.prove(tail);
  expect(before.provenTo).toBe(14n);
  await source.grow(4);
  const tip = await sandbox.canonical();
  expect(tip.height).toBe(14n);
  expect(tip.stateHash).toBe(
    before.tips.find(({ stateHash }) => stateHash === tip.stateHash)?.stateHash,
  );

  await using database = await openTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-pending-"));
  const shared = [
    ...["--target-db", database.url, "--network", path.join(source.folder, "network.yaml")],
    ...["--genesis-ledger", pathToFileURL(path.join(source.folder, "genesis-ledger.json")).href],
  ];
  const blocks = pathToFileURL(`${source.blocks}/`).href;
  await forkliftJson(["migrate", ...shared, "--source-db", source.url, "--blocks", blocks]);
  const { stages } = await forkliftJson<{ stages: readonly StageReport[] }>([
    ...["replay", ...shared, "--checkpoints", pathToFileURL(`${folder}/`).href],
  ]);
  expect(stages[0]!.details).toMatchObject({ ledgerHashesCompared: 13 });

  await using target = await connect(database.url, { applicationName: "forklift test" });
  const replayed = (await readTargetTip(target))!;
  expect(replayed).toStrictEqual(tip);
  const context = {
    ...{ target, network: sandbox.network, genesisLedger: null, checkpointUrl: null },
    ...{ checkpoints: openStore(pathToFileURL(`${folder}/`).href), warn: () => undefined },
    threads: 1,
  };
  await using kept = new KeptTail();
  const proveKept = (block = replayed) =>
    snapshot(sandbox.reader, () => kept.prove(context, sandbox.reader, block));
  const after = await proveKept();
  expect(after).toMatchObject({ height: 14n, provenTo: 18n, differences: [], notProven: [] });
  expect({ ...(await sandbox.prove(tail)), applied: 0 }).toStrictEqual({ ...after, applied: 0 });
  expect((await proveKept()).applied).toBe(0);

  // Where the target was taken back the tail begins anew, in the ledger of its rows.
  const lower = (await targetBlockAt(target, 9n))!;
  expect(await proveKept(lower)).toMatchObject({ height: 9n, provenTo: 18n, differences: [] });
  // What it throws for good does not stay: the next look opens it again.
  const foreign = { ...replayed, stateHash: genesisOf(source) };
  await expect(proveKept(foreign)).rejects.toThrow("does not lead from block");
  expect(await proveKept()).toStrictEqual(after);
});

/** Some block that does not stand where it is looked for. */
function genesisOf({ arrived }: GrowingSource) {
  return arrived[0]!.stateHash;
}

test("a tail moves its root with the chain, and stays what a first look finds", async () => {
  await using sandbox = await openTailSandbox({
    commandsPerBlock: 1,
    forkLength: (height) => (height % 7 === 0 ? 1 + ((height / 7) % FINALITY) : 0),
  });
  const tail = sandbox.openTail();
  let applied = 0;
  for (let look = 0; look < 16; look++) {
    await sandbox.source.grow(10);
    const report = await sandbox.prove(tail);
    applied += report.applied;
    expect(report).toMatchObject({ proven: report.blocks, provenTo: report.tips[0]!.height });
  }
  // Genesis is out of reach of a ledger whose root has moved.
  const canonical = await sandbox.canonical();
  expect(tail.reaches({ height: 64n })).toBe(false);
  expect(tail.reaches(canonical)).toBe(true);
  // Some blocks at each look, and the tail again whenever the root has moved: not the whole chain.
  expect(applied).toBeLessThan(16 * (10 + 3 * FINALITY));
  const first = await sandbox.prove(sandbox.openTail());
  expect({ ...(await sandbox.prove(tail)), applied: 0 }).toStrictEqual({ ...first, applied: 0 });
});
