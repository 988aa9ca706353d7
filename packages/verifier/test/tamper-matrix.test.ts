// Everything that can be done to one row of a migrated archive, and the checks that notice it. Prints the
// matrix.

import { afterAll, beforeAll, expect, test } from "vitest";
import { tableChecks, walkChecks } from "../src/checks/index.ts";
import type { VerifierContext } from "../src/context.ts";
import { readVersions } from "../src/proven-part.ts";
import { isFilled } from "../src/tables.ts";
import { readTip, verifySnapshot } from "../src/verify-archive.ts";
import { officialFailures } from "./official-checks.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";
import { type Tampering, tamperingsOf, WHOLE_TAMPERINGS } from "./tamperings.ts";
import { failedIn, underTampering, unknownColumnsOf } from "./under-tampering.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };

/**
 * Rows of a block that is not there, or that is not canonical: the official verifier queries two
 * tables that it joins otherwise. A command moved to the genesis block: it asks that block for no
 * accounts, and misses those of the command. Ours say no by other names, as the matrix shows.
 */
const ANSWERED_ELSEWHERE = new Set([
  "blocks_internal_commands: block_id: accounts-accessed-complete",
  "blocks: id: accounts-accessed-complete",
  "blocks: a row removed: accounts-accessed-complete",
  "blocks: chain_status: user-commands-equal",
  "blocks: chain_status: internal-commands-equal",
]);

let archive: SampleArchive;
beforeAll(async () => {
  archive = await openSampleArchive();
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

test("every altered value, missing row and additional row is noticed", {
  tags: ["only-in-all"],
}, async () => {
  const tripped = await expectNoticed(() => true);
  // What is asked of an archive that goes on, or of one with branches, has nothing to be asked of here; signatures
  // are in the files.
  const elsewhere = new Set(["later blocks", "branches", "signatures"]);
  const asked = [...walkChecks, ...tableChecks].filter(
    ({ needs }) => !needs.some((need) => elsewhere.has(need)),
  );
  const ids = asked.map(({ id }) => id);
  expect(ids.filter((id) => !tripped.has(id))).toEqual([]);
});

test("of all that can be altered, every twelfth thing is noticed", async () => {
  await expectNoticed((_tampering, at) => at % 12 === 0);
});

/** The checks that said no to what was chosen of the tamperings. */
async function expectNoticed(
  isChosen: (tampering: Tampering, at: number) => boolean,
): Promise<ReadonlySet<string>> {
  const { context } = archive;
  const good = await underTampering(context.target, { sql: ["select 1"] }, async () => {
    expect(await officialFailures(context.source!, context.target)).toEqual([]);
    return await verifySnapshot(context, options);
  });
  expect(good.checks.flatMap(({ differences }) => differences)).toEqual([]);
  expect(good.ok).toBe(true);
  expect(good.dropped.map(({ id }) => id)).toEqual(["signatures"]);

  const proven: VerifierContext["proven"] = {
    ...(await readTip(context)),
    digests: good.digests,
    versions: await readVersions(context.target),
  };
  const matrix: string[] = [];
  const unknown: string[] = [];
  const unnoticed: string[] = [];
  const disagreeing: string[] = [];
  const undigested: string[] = [];
  const tripped = new Set<string>();
  const tamperings = [...tamperingsOf(context.schema), ...WHOLE_TAMPERINGS].filter(isChosen);
  for (const tampering of tamperings) {
    const name = `${tampering.table}: ${tampering.what}`;
    const { report, official } = await underTampering(context.target, tampering, async () => ({
      report: await verifySnapshot(context, options),
      official: await officialFailures(context.source!, context.target),
    }));
    const failed = failedIn(report);
    unknown.push(...unknownColumnsOf(report, context.schema));
    matrix.push(`${name.padEnd(52)} ${failed.length} ${failed.join(", ")}`);
    if (failed.length === 0 || report.ok) unnoticed.push(name);
    for (const id of official) {
      const what = `${name}: ${id}`;
      if (!failed.includes(id) && !ANSWERED_ELSEWHERE.has(what)) disagreeing.push(what);
    }
    const isSerial =
      tampering.what === "id" ||
      /index|foreign key|sequence|trigger|function|inherits/.test(tampering.what);
    if (isFilled(tampering.table) && !isSerial && tampering.what !== "a column added") {
      const { table } = tampering;
      if (report.digests[table] === good.digests[table]) undigested.push(name);
    }
    for (const id of failed) tripped.add(id);
  }
  console.info(matrix.join("\n"));
  // One more, of a part that was proven before.
  const [change] = tamperingsOf(context.schema).filter(({ what }) => what === "memo");
  const changed = await underTampering(context.target, change!, () =>
    verifySnapshot({ ...context, proven }, options),
  );
  expect(failedIn(changed)).toEqual(["proven-part-unchanged"]);
  for (const id of failedIn(changed)) tripped.add(id);

  expect(unnoticed).toEqual([]);
  expect(unknown).toEqual([]);
  expect(disagreeing).toEqual([]);
  expect(undigested).toEqual([]);
  return tripped;
}
