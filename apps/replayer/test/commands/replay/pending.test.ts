// `replay --pending` on a source that grows: what it says of the blocks that are not canonical yet.
// @module-tag only-in-all

import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  databaseContents,
  forkliftJson,
  inProcess,
  openTestDatabase,
  runInProcess,
} from "@forklift/testkit";
import { expect, test } from "vitest";
import { replayer } from "../../../src/commands/index.ts";
import { openTailSandbox } from "../../pending/tail-sandbox.ts";

const { runJson, expectRefusal } = inProcess(replayer);

interface Document {
  readonly pending: {
    readonly height: number;
    readonly provenTo: number;
    readonly tips: readonly { readonly height: number; readonly provenTo: number }[];
  };
}

test("a replay with the pending blocks says to which height they are proven, and names what differs", async () => {
  await using sandbox = await openTailSandbox({ forkLength: (height) => (height === 8 ? 3 : 0) });
  const { source } = sandbox;
  await source.grow(9);
  await using target = await openTestDatabase();
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-pending-"));
  const shared = [
    ...["--target-db", target.url, "--network", path.join(source.folder, "network.yaml")],
    ...["--source-db", source.url],
    ...["--genesis-ledger", pathToFileURL(path.join(source.folder, "genesis-ledger.json")).href],
  ];
  const blocks = pathToFileURL(`${source.blocks}/`).href;
  await forkliftJson(["migrate", ...shared, "--blocks", blocks]);
  const args = [
    ...["replay", ...shared, "--checkpoints", pathToFileURL(`${folder}/`).href, "--pending"],
  ];
  const { pending } = await runJson<Document>(args);
  expect(pending).toMatchObject({
    ...{ height: 6, provenTo: 10, blocks: 7, proven: 7, forks: 1, beside: 0, applied: 7 },
    ...{ differences: [], notProven: [] },
  });
  expect(pending.tips).toHaveLength(2);
  expect((await runInProcess(replayer, args)).stdout).toContain(
    "pending     7 blocks above height 6: 7 proven, 1 fork, 2 tips; beside the chain 0\n" +
      "proven to   height 10",
  );

  const [wrong, other] = source.arrived.slice(-2);
  await sandbox.change("update blocks set ledger_hash = $2 where state_hash = $1", [
    ...[wrong!.stateHash, other!.ledgerHash],
  ]);
  const before = [await databaseContents(source.url), await databaseContents(target.url)];
  await expectRefusal(args, {
    exit: 20,
    says: [
      `block ${wrong!.stateHash} at height 9: has ledger hash ${other!.ledgerHash}`,
      `its replay gives ${wrong!.ledgerHash}`,
    ],
    next: "compare the block's rows in the source with its precomputed block",
  });
  expect([await databaseContents(source.url), await databaseContents(target.url)]).toStrictEqual(
    before,
  );
});
