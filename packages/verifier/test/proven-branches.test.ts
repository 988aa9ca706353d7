// What an earlier run has proven of a target, and blocks beside the chain that came or changed since: orphans far
// below the proven height, and pending blocks that the network has decided.
// @module-tag only-in-all

import { parseStateHash } from "@forklift/chain";
import { withLedgerHashExceptions } from "@forklift/network";
import { expect, test } from "vitest";
import type { VerifierContext } from "../src/context.ts";
import { type ProvenPart, readUnsettled, readVersions } from "../src/proven-part.ts";
import type { VerificationReport } from "../src/report.ts";
import { readTip, verifySnapshot } from "../src/verify-archive.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";
import { failedIn, underTampering } from "./under-tampering.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };
const NOTHING = ["select 1"];

async function verify(
  context: VerifierContext,
  sql: readonly string[] = NOTHING,
): Promise<VerificationReport> {
  return await underTampering(context.target, { sql }, () => verifySnapshot(context, options));
}

async function prove({ context }: SampleArchive): Promise<ProvenPart> {
  const report = await verify(context);
  expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
  const tip = await readTip(context);
  const unsettled = await readUnsettled(context.target, tip.height);
  const versions = await readVersions(context.target);
  return { ...tip, digests: report.digests, versions, ...(unsettled && { unsettled }) };
}

/** As the network has decided: the highest block and its ancestors are canonical, the others orphaned. */
async function decide({ context }: SampleArchive): Promise<void> {
  await context.source!.query(`
    with recursive chain as (
      (select id, parent_id from blocks order by height desc, id limit 1)
      union all
      select b.id, b.parent_id from chain join blocks b on b.id = chain.parent_id)
    update blocks set chain_status = case when id in (select id from chain) then 'canonical' else 'orphaned' end::chain_status_type
    where chain_status = 'pending'`);
}

/** Anchored at the tip that the target has by now. */
async function nowOf({ context }: SampleArchive): Promise<VerifierContext> {
  const { height, stateHash } = await readTip(context);
  const { forkGenesisConfigUrl: _olderTip, ...rest } = context;
  return { ...rest, anchor: { height, stateHash, vouchedBy: "operator" } };
}

function comparedBy({ checks }: VerificationReport, id: string): number {
  return checks.find((check) => check.id === id)!.compared;
}

test("orphans that come to a target which was proven without them are walked, and nothing else is", async () => {
  await using archive = await openSampleArchive();
  const proven = await prove(archive);
  await archive.goOn("complete");
  const { context } = archive;
  const whole = await verify(context);
  const report = await verify({ ...context, proven });
  expect(failedIn(report)).toEqual([]);
  expect(report.beside!.orphaned).toBeGreaterThan(4n);
  expect(comparedBy(report, "chain-connected")).toBe(Number(report.beside!.orphaned));
  expect(report.digests).toEqual(whole.digests);
  expect(report.rowCounts).toEqual(whole.rowCounts);
  expect(report.versions).toEqual(whole.versions);

  const lowest = "(select min(id) from blocks where chain_status = 'orphaned')";
  const balance = "set balance = (balance::numeric + 1)::text where block_id =";
  const ofOrphan = `update accounts_accessed ${balance} ${lowest}`;
  expect(failedIn(await verify({ ...context, proven }, [ofOrphan]))).toContain(
    "ledger-hash-at-every-block",
  );
  const ofProven = `update accounts_accessed ${balance} (select id from blocks where height = 30)`;
  expect(failedIn(await verify({ ...context, proven }, [ofProven]))).toContain(
    "proven-part-unchanged",
  );
  const lost = `update blocks set parent_id = id where id = ${lowest}`;
  expect(failedIn(await verify({ ...context, proven }, [lost]))).toEqual(
    expect.arrayContaining(["nothing-but-canonical", "every-row-seen"]),
  );
});

test("late orphans may stand on a block whose ledger hash is not demanded", async () => {
  await using archive = await openSampleArchive();
  const { source, target } = archive.context;
  const [fork] = await source!.query<Record<"state_hash" | "ledger_hash", string>>(
    `select parent.state_hash, parent.ledger_hash
     from blocks b join blocks parent on parent.id = b.parent_id
     where b.chain_status = 'orphaned' and parent.chain_status = 'canonical' order by b.height limit 1`,
  );
  const stateHash = parseStateHash(fork!.state_hash);
  // Of another block: one that no ledger here has.
  const other =
    archive.context.network.genesis.protocolState.body.blockchainState.snarkedLedgerHash;
  const write = async (ledgerHash: string) => {
    for (const session of [source!, target]) {
      const sql = "update blocks set ledger_hash = $1 where state_hash = $2";
      await session.query(sql, [ledgerHash, stateHash]);
    }
  };
  const network = withLedgerHashExceptions(archive.context.network, [stateHash]);
  const context = { ...archive.context, network, blocks: null };
  await write(other);
  const proven = await prove({ ...archive, context });
  await write(fork!.ledger_hash);
  await archive.goOn("complete");
  await write(other);
  const report = await verify({ ...context, proven });
  expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
  expect(report.beside!.orphaned).toBeGreaterThan(4n);
});

test("pending blocks that were proven and are decided since are looked at again", async () => {
  await using archive = await openSampleArchive({ history: "all" });
  const proven = await prove(archive);
  const [pending] = await archive.context.target.query<{ count: string }>(
    "select count(*) from blocks where chain_status = 'pending'",
  );
  expect(proven.unsettled!.blockIds).toHaveLength(Number(pending!.count));
  // Nothing has happened: the pending ones are walked once more.
  const same = await verify({ ...archive.context, proven });
  expect(failedIn(same)).toEqual([]);
  expect(comparedBy(same, "chain-connected")).toBe(Number(pending!.count));

  await decide(archive);
  await archive.goOn("all");
  const context = await nowOf(archive);
  expect(context.anchor.height).toBeGreaterThan(proven.height);
  const whole = await verify(context);
  const report = await verify({ ...context, proven });
  expect(failedIn(whole)).toEqual([]);
  expect(failedIn(report)).toEqual([]);
  expect(report.beside!.pending).toBe(0n);
  expect(report.digests).toEqual(whole.digests);
  expect(report.rowCounts).toEqual(whole.rowCounts);
  expect(report.versions).toEqual(whole.versions);

  // Without what may still change, the same rows are not those that were proven.
  const { unsettled: _forgotten, ...settled } = proven;
  expect(failedIn(await verify({ ...context, proven: settled }))).toContain(
    "proven-part-unchanged",
  );
  const swapped = `update blocks set chain_status = 'orphaned'
    where height = ${context.anchor.height} and chain_status = 'canonical'`;
  expect((await verify({ ...context, proven }, [swapped])).ok).toBe(false);
});
