// A target that holds blocks beside its chain: what can be done to them, and the checks that notice it. Prints
// the matrix.

import { parseStateHash } from "@forklift/chain";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LivingArchive, VerifierContext } from "../src/context.ts";
import type { VerificationReport } from "../src/report.ts";
import { BLOCK_TABLES } from "../src/tables.ts";
import { verifySnapshot } from "../src/verify-archive.ts";
import {
  besideTamperings,
  sourceTamperings,
  WHOLE_BESIDE_TAMPERINGS,
} from "./branch-tamperings.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";
import type { Tampering } from "./tamperings.ts";
import { failedIn, underTampering, unknownColumnsOf } from "./under-tampering.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };

let archive: SampleArchive;
/** The migration has left nothing out. */
let context: VerifierContext;
/** It has no source, and the block files alone. */
let sourceless: VerifierContext;
beforeAll(async () => {
  archive = await openSampleArchive({ history: "all" });
  context = { ...archive.context, leftOut: new Set() };
  sourceless = { ...context, source: null };
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

async function verifyUnder(
  tampering: Pick<Tampering, "sql">,
  given: VerifierContext,
): Promise<VerificationReport> {
  return await underTampering(given.target, tampering, () => verifySnapshot(given, options));
}

const NOTHING = { sql: ["select 1"] };

test("a target of every block is good, its branches walked, and its answer says what no hash covers", async () => {
  const good = await verifyUnder(NOTHING, context);
  expect(good.checks.flatMap(({ differences }) => differences)).toEqual([]);
  expect(good).toMatchObject({ ok: true, answer: "yes, except", dropped: [{ id: "signatures" }] });
  expect(good.notProven.flatMap(({ columns }) => columns)).toEqual(["blocks.chain_status"]);
  const { orphaned, pending, missing } = good.beside!;
  expect([orphaned > 4n, pending > 4n, missing!.missing]).toEqual([true, true, 0n]);
  const blocks = archive.tipHeight + orphaned + pending;
  const hashes = good.checks.find(({ id }) => id === "ledger-hash-at-every-block");
  expect(hashes!.compared).toBe(Number(blocks));

  const alone = await verifyUnder(NOTHING, sourceless);
  expect(alone.answer).toBe("yes, except");
  expect(alone.notProven.map(({ claim }) => claim)).toContainEqual(
    expect.stringMatching(/^that the \d+ blocks beside the chain have the status/),
  );
});

test("where a history of the chain alone is asked for, every other block is one too many", async () => {
  const report = await verifyUnder(NOTHING, { ...context, history: "canonical" });
  expect(failedIn(report)).toContain("nothing-but-canonical");
});

test("a trusted block beside the chain, or above its tip, is no anchor of it", {
  tags: ["only-in-all"],
}, async () => {
  const rows = await context.target.query<{ height: string; state_hash: string }>(
    `select height, state_hash from blocks where chain_status <> 'canonical' order by height`,
  );
  const [lowest, highest] = [rows[0]!, rows.at(-1)!];
  expect(BigInt(highest.height)).toBeGreaterThan(archive.tipHeight);
  for (const { height, state_hash } of [lowest, highest]) {
    const stateHash = parseStateHash(state_hash);
    const anchor = { height: BigInt(height), stateHash, vouchedBy: "operator" } as const;
    expect(failedIn(await verifyUnder(NOTHING, { ...context, anchor }))).toContain("anchored");
  }
});

/** As where the new chain goes on in the archive: what stands above the anchor is left alone. */
const GOES_ON = { form: "Berkeley", additions: [], isUpgraded: false, goesOn: true, accepted: [] };

const onAnOrphan = (height: bigint) =>
  `(select id from blocks where chain_status = 'orphaned' and height <= ${height} order by height limit 1)`;

test("in an archive that goes on the branches up to the anchor are walked, and none above it", {
  tags: ["only-in-all"],
}, async () => {
  const { tipHeight } = archive;
  const part: VerifierContext = { ...context, archive: GOES_ON };
  const [row] = await context.target.query<{ count: string }>(
    "select count(*) from blocks where height <= $1",
    [tipHeight],
  );
  // The last blocks before a fork stay pending.
  const pendingEnd = `update blocks set chain_status = 'pending' where height > ${tipHeight - 3n}
    and chain_status = 'canonical'`;
  for (const sql of ["select 1", pendingEnd]) {
    const good = await verifyUnder({ sql: [sql] }, part);
    expect(good.checks.flatMap(({ differences }) => differences)).toEqual([]);
    const hashes = good.checks.find(({ id }) => id === "ledger-hash-at-every-block");
    expect(hashes!.compared).toBe(Number(row!.count));
    const { orphaned, pending } = good.beside!;
    expect(tipHeight + orphaned + pending).toBe(BigInt(row!.count));
    expect(orphaned).toBeGreaterThan(4n);
  }
  const wrong: readonly (readonly [sql: string, check: string])[] = [
    [
      `update accounts_accessed set balance = (balance::numeric + 1)::text where block_id = ${onAnOrphan(tipHeight)}`,
      "ledger-hash-at-every-block",
    ],
    [
      `update blocks set parent_id = id where id = ${onAnOrphan(tipHeight)}`,
      "nothing-but-canonical",
    ],
    [
      `update blocks set chain_status = 'canonical' where id = ${onAnOrphan(tipHeight)}`,
      "nothing-but-canonical",
    ],
    [
      "update blocks set chain_status = 'pending' where height = 20 and chain_status = 'canonical'",
      "nothing-but-canonical",
    ],
    [`delete from blocks where id = ${onAnOrphan(tipHeight)}`, "branches-complete"],
  ];
  for (const [sql, check] of wrong) {
    expect(failedIn(await verifyUnder({ sql: [sql] }, part)), sql).toContain(check);
  }
  const alone = await verifyUnder(NOTHING, { ...part, history: "canonical" });
  expect(failedIn(alone)).toContain("nothing-but-canonical");
});

test("where no pending block is asked for, each of them is one too many", async () => {
  const report = await verifyUnder(NOTHING, { ...sourceless, history: "complete" });
  const { pending } = (await verifyUnder(NOTHING, sourceless)).beside!;
  const check = report.checks.find(({ id }) => id === "nothing-but-canonical")!;
  expect(check.differenceCount).toBe(Number(pending));
  expect(check.differences[0]).toMatchObject({ column: "chain_status", expected: "orphaned" });
});

/** Of the last five blocks of the chain. */
const labelled = (status: string) => ({
  sql: [
    `update blocks set chain_status = '${status}' where chain_status = 'canonical'
       and height > (select max(height) from blocks where chain_status = 'canonical') - 5`,
  ],
});

test("an anchor beside the chain, or above its tip, is not on it", async () => {
  for (const status of ["orphaned", "pending"]) {
    const report = await verifyUnder(labelled(status), sourceless);
    expect(report.tip.height).toBe(archive.tipHeight - 5n);
    const { differences } = report.checks.find(({ id }) => id === "anchored")!;
    expect(differences).toMatchObject([
      { column: "chain_status", expected: "canonical", found: status },
      { column: "height" },
    ]);
  }
});

/** As a database without our marks, or with an index more. */
const OF_OTHERS: LivingArchive = {
  ...{ form: "Berkeley", additions: [], isUpgraded: false, goesOn: false, accepted: [] },
};

test("an archive of others may end with pending blocks, and have others beside its chain", async () => {
  for (const given of [context, sourceless]) {
    const others = { ...given, archive: OF_OTHERS };
    const ending = await verifyUnder(labelled("pending"), others);
    expect(failedIn(ending)).toEqual([]);
    expect(ending.tip.height).toBe(archive.tipHeight);
    expect(ending.archive?.accepted).toMatchObject([{ id: "pending-before-fork" }]);
    const plain = await verifyUnder(NOTHING, others);
    expect(failedIn(plain)).toEqual([]);
    expect(plain.archive?.accepted).toEqual([]);
    expect(ending.beside).toEqual(plain.beside);
  }
  const undecided = "update blocks set chain_status = 'pending' where chain_status = 'orphaned'";
  const report = await verifyUnder({ sql: [undecided] }, { ...sourceless, archive: OF_OTHERS });
  expect(failedIn(report)).toEqual([]);
  const lost = "update blocks set parent_id = null where chain_status = 'pending' and height > 36";
  const cut = { sql: [`${labelled("pending").sql[0]}; ${lost}`] };
  expect((await verifyUnder(cut, { ...sourceless, archive: OF_OTHERS })).ok).toBe(false);
});

test.each(["canonical", "orphaned", "pending"])(
  "a chain status that no longer has the label %s is a schema that differs",
  async (label) => {
    const sql = [`alter type chain_status_type rename value '${label}' to 'other'`];
    for (const given of [context, { ...sourceless, archive: OF_OTHERS }]) {
      expect(failedIn(await verifyUnder({ sql }, given))).toContain("schema-equal");
    }
  },
);

const TABLES = [...BLOCK_TABLES, "user_commands", "internal_commands"];

test.each(TABLES)(
  "every value and row of %s that a block beside the chain has is noticed",
  {
    tags: ["only-in-all"],
  },
  async (table) => {
    const tamperings = besideTamperings(context.schema).filter((it) => it.table === table);
    // What the status of a block is, only the source says.
    const isKnown = ({ what }: Tampering) => what !== "chain_status";
    await expectNoticed(tamperings, context);
    await expectNoticed(tamperings.filter(isKnown), sourceless);
  },
);

test("what is done to a branch as a whole is noticed", { tags: ["only-in-all"] }, async () => {
  await expectNoticed(WHOLE_BESIDE_TAMPERINGS, context);
  await expectNoticed(WHOLE_BESIDE_TAMPERINGS, sourceless);
});

test("what no hash covers is noticed where there is a source", {
  tags: ["only-in-all"],
}, async () => {
  await expectNoticed(sourceTamperings(context.schema), context);
});

async function expectNoticed(tamperings: readonly Tampering[], given: VerifierContext) {
  const good = await verifyUnder(NOTHING, given);
  const matrix: string[] = [];
  const unnoticed: string[] = [];
  const undigested: string[] = [];
  const unknown: string[] = [];
  for (const tampering of tamperings) {
    const name = `${tampering.table}: ${tampering.what}`;
    const report = await verifyUnder(tampering, given);
    const failed = failedIn(report);
    unknown.push(...unknownColumnsOf(report, given.schema));
    matrix.push(`${name.padEnd(60)} ${failed.length} ${failed.join(", ")}`);
    if (failed.length === 0 || report.ok) unnoticed.push(name);
    const tables = Object.keys(good.digests);
    const isDigested = tables.some((table) => good.digests[table] !== report.digests[table]);
    if (!isDigested && tampering.what !== "id") undigested.push(name);
  }
  console.info(matrix.join("\n"));
  expect({ unnoticed, unknown, undigested }).toEqual({
    unnoticed: [],
    unknown: [],
    undigested: [],
  });
}

test("an orphan that the source does not have is noticed, and one that the target lacks by its name", {
  tags: ["only-in-all"],
}, async () => {
  const { source } = archive.context;
  const [orphan] = await source!.query<{ id: number; state_hash: string }>(
    "select id, state_hash from blocks where chain_status = 'orphaned' order by height limit 1",
  );
  const { state_hash: stateHash, id } = orphan!;
  const rename = (to: string) =>
    source!.query("update blocks set state_hash = $2 where id = $1", [id, to]);
  // What the source has is another block now: one too many here, one too few there.
  await rename("3Nx");
  try {
    const report = await verifyUnder(NOTHING, context);
    expect(failedIn(report)).toEqual(expect.arrayContaining(["blocks-equal", "branches-complete"]));
    const named = report.checks.find((check) => check.id === "branches-complete")!.differences;
    expect(named).toMatchObject([{ key: expect.stringContaining("state_hash 3Nx") }]);

    const leftOut = await verifyUnder(NOTHING, { ...context, leftOut: new Set(["3Nx"]) });
    expect(failedIn(leftOut)).not.toContain("branches-complete");
    expect(leftOut.beside!.missing).toMatchObject({ missing: 1n, unnamed: 0n });

    // Nobody said what was left out: it is counted.
    const { leftOut: _none, ...unsaid } = context;
    const counted = await verifyUnder(NOTHING, unsaid);
    expect(failedIn(counted)).not.toContain("branches-complete");
    expect(counted.beside!.missing).toMatchObject({ missing: 1n, unnamed: null });
  } finally {
    await rename(stateHash);
  }
});
