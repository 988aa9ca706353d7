// Which marks of an interrupted verification are believed: those of the very database that they were made of.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { createWorkingSchema } from "@forklift/archive";
import type { LedgerHash, StateHash } from "@forklift/chain";
import { openStore } from "@forklift/storage";
import { openTestDatabase, openTestSession } from "@forklift/testkit";
import { FILLED_TABLES, type WalkMark } from "@forklift/verifier";
import { expect, test } from "vitest";
import { removeRoot, rootMarks } from "../../src/stages/rooted-marks.ts";
import { walkMarksIn } from "../../src/work/walk-marks.ts";

const VERSIONS = Object.fromEntries(
  FILLED_TABLES.map((table) => [table, { last: 0, rows: "0", sum: "0", shape: "0".repeat(32) }]),
);

const MARK: WalkMark = {
  ...{ height: 7n, stateHash: "3NKsomeBlock" as StateHash, ledgerHash: "jxSome" as LedgerHash },
  ...{
    question: "all of it",
    versions: VERSIONS,
    compared: { schema: 1 },
    seen: {},
    exceptions: [],
  },
};

/** A target with one block, that of the mark. */
async function openMarked() {
  const folder = await mkdtemp(path.join(tmpdir(), "forklift-marks-"));
  const database = await openTestDatabase();
  const target = await openTestSession(database);
  await createWorkingSchema(target);
  await target.query(
    `create table blocks (height bigint, state_hash text, ledger_hash text, global_slot_since_genesis bigint,
                         chain_status text default 'canonical');
     insert into blocks values (7, '${MARK.stateHash}', '${MARK.ledgerHash}', 7)`,
  );
  const kept = walkMarksIn(openStore(pathToFileURL(`${folder}/`).href), () => undefined);
  return {
    target,
    next: () => rootMarks(target, kept),
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await database[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    },
  };
}

test("a mark is believed by the next verification, and by the one after that", async () => {
  await using marked = await openMarked();
  const first = await marked.next();
  expect(await first.load()).toBeNull();
  await first.save(MARK);
  for (let run = 0; run < 2; run++) expect(await (await marked.next()).load()).toMatchObject(MARK);
});

test.each([
  ["has lost its last commits", "update forklift.progress_mark set cursor = '{\"root\": null}'"],
  ["was made anew", "delete from forklift.progress_mark"],
  ["holds another ledger there", "update blocks set ledger_hash = 'jxOther'"],
  ["holds another block there", "update blocks set state_hash = '3NKother'"],
])("a mark of a target that %s is not believed", async (_what, change) => {
  await using marked = await openMarked();
  await (await marked.next()).save(MARK);
  await marked.target.query(change);
  expect(await (await marked.next()).load()).toBeNull();
});

test("after a verification that found a difference nothing is left to believe", async () => {
  await using marked = await openMarked();
  await (await marked.next()).save(MARK);
  await removeRoot(marked.target);
  expect(await (await marked.next()).load()).toBeNull();
});
