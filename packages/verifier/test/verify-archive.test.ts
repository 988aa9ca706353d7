// A verification of a real migration of a sample network: what it leaves out, what it remembers, how it
// ends; and the digests of the tables.
// @module-tag only-in-all

import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseBlockFileName, parseStateHash } from "@forklift/chain";
import { ConfigError, TryAgainError } from "@forklift/pipeline";
import { connect, readCatalog } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import { openTestSession } from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { CheckResult } from "../src/check-result.ts";
import type { VerifierContext } from "../src/context.ts";
import { coverageOf } from "../src/coverage.ts";
import { readVersions } from "../src/proven-part.ts";
import type { VerificationReport } from "../src/report.ts";
import { digestTable, digestTables } from "../src/table-digests.ts";
import { EMPTY_TABLES, FILLED_TABLES, type FilledTable } from "../src/tables.ts";
import { verifyArchive, verifySnapshot } from "../src/verify-archive.ts";
import { openSampleArchive, type SampleArchive } from "./sample-archive.ts";

const options = { now: () => performance.now(), signal: new AbortController().signal };

const failedIn = ({ checks }: VerificationReport) =>
  checks.filter(({ ok }) => !ok).map(({ id }) => id);

let archive: SampleArchive;
beforeAll(async () => {
  archive = await openSampleArchive();
});
afterAll(async () => {
  await archive[Symbol.asyncDispose]();
});

/** Alters a fee, which no state hash covers, in one block of the chain; returns its height. */
async function alterFee(folder: string): Promise<bigint> {
  const rows = await archive.context.target.query<{ state_hash: string }>(
    "select state_hash from blocks",
  );
  const held = new Set(rows.map((row) => row.state_hash));
  for (const name of await readdir(folder)) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8");
    const altered = text.replace('"fee":"0.01"', '"fee":"0.02"');
    const { height, stateHash } = parseBlockFileName(name)!;
    if (altered === text || !held.has(stateHash)) continue;
    await writeFile(file, altered);
    return height;
  }
  throw new Error(`no block of ${folder} has a command with that fee`);
}

/** What the statements do is undone. */
async function changed<Result>(sql: string, ask: () => Promise<Result>): Promise<Result> {
  const { target } = archive.context;
  await target.query(`begin; set local session_replication_role = replica; ${sql}`);
  try {
    return await ask();
  } finally {
    await target.query("rollback");
  }
}

const verifyChanged = (sql: string, context: Partial<VerifierContext> = {}) =>
  changed(sql, () => verifySnapshot({ ...archive.context, ...context }, options));

/** Rows at and below a height become what an earlier run has proven. */
async function provenAt(height: bigint): Promise<VerifierContext["proven"]> {
  const above = `(select id from blocks where height > ${height})`;
  const { target } = archive.context;
  const [block] = await target.query<{ state_hash: string; ledger_hash: string }>(
    "select state_hash, ledger_hash from blocks where height = $1",
    [height],
  );
  const digests: Record<string, string> = {};
  const part = await changed(
    `delete from accounts_accessed where block_id in ${above};
     delete from accounts_created where block_id in ${above};
     delete from blocks_user_commands where block_id in ${above};
     delete from blocks_internal_commands where block_id in ${above};
     delete from blocks where height > ${height};
     delete from user_commands c where not exists (
       select from blocks_user_commands i where i.user_command_id = c.id);
     delete from internal_commands c where not exists (
       select from blocks_internal_commands i where i.internal_command_id = c.id);
     delete from epoch_data e where not exists (
       select from blocks where e.id in (staking_epoch_data_id, next_epoch_data_id));
     delete from timing_info t where not exists (
       select from accounts_accessed where timing_id = t.id)`,
    async () => {
      for (const table of FILLED_TABLES) digests[table] = await digestTable(target, table);
      return { digests, versions: await readVersions(target) };
    },
  );
  const { state_hash: stateHash, ledger_hash: ledgerHash } = block!;
  return { height, stateHash, ledgerHash, ...part } as VerifierContext["proven"];
}

describe("verifyArchive", () => {
  it("is content with an untouched target, and proves every column of it", async () => {
    const seen: CheckResult[] = [];
    const report = await verifyArchive(
      { ...archive.context, openTarget: () => openTestSession(archive.target) },
      { ...options, onCheck: (result) => seen.push(result) },
    );
    expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
    expect(report).toMatchObject({ ok: true, fromHeight: 1n, tip: { height: archive.tipHeight } });
    expect(new Set(seen)).toEqual(new Set(report.checks));
    for (const { compared, id } of report.checks) expect(compared, id).toBeGreaterThan(0);
    expect(report.rowCounts).toMatchObject({ blocks: `${archive.tipHeight}`, zkapp_commands: "0" });
    expect(report.coverage.unproven).toEqual([]);
    expect(report.coverage.proven).toBe(report.coverage.columns);
  });

  it("knows every table and every column of the schema, and calls a new one unproven", async () => {
    const { schema, target } = archive.context;
    expect(Object.keys(schema.tables).sort()).toEqual([...FILLED_TABLES, ...EMPTY_TABLES].sort());
    const all = await verifyChanged("select 1");
    expect(coverageOf(schema, all.checks).unproven).toEqual([]);
    await changed("alter table epoch_data add column extra text", async () => {
      const { unproven } = coverageOf(await readCatalog(target), all.checks);
      expect(unproven).toEqual(["epoch_data.extra"]);
    });
    // What every object has by nature is no proof.
    await changed("alter table epoch_data add column constructor text", async () => {
      const { unproven } = coverageOf(await readCatalog(target), all.checks);
      expect(unproven).toEqual(["epoch_data.constructor"]);
    });
  });

  it("says what it cannot prove without a source, and without precomputed blocks", async () => {
    const published = await verifyChanged("select 1", { source: null });
    expect(published.ok).toBe(true);
    expect(published.dropped.map(({ id }) => id)).toEqual([
      "accounts-created-equal",
      "blocks-equal",
      "user-commands-equal",
      "internal-commands-equal",
      "block-columns-equal",
      "signatures",
    ]);
    expect(published.coverage.unproven).toEqual([]);

    const believing = await verifyChanged("select 1", { blocks: null });
    expect(believing.ok).toBe(true);
    expect(believing.coverage.unproven).toContain("blocks.last_vrf_output");
    expect(believing.coverage.unproven).toContain("epoch_data.seed");
    expect(believing.coverage.unproven).not.toContain("user_commands.memo");

    const alone = await verifyChanged("select 1", { source: null, blocks: null });
    expect(alone).toMatchObject({ ok: true, answer: "yes, except" });
    expect(alone.coverage.unproven).toContain("blocks.state_hash");
  });

  it("does not count a column as proven whose check says no", async () => {
    const { coverage } = await verifyChanged(
      "update blocks set last_vrf_output = 'x' where height = 9",
      { source: null },
    );
    expect(coverage.unproven).toContain("blocks.last_vrf_output");
  });

  it("looks only above what was proven, and digests all the same", async () => {
    const proven = await provenAt(20n);
    const all = await verifyChanged("select 1");
    const report = await verifyChanged("select 1", { proven });
    expect(report.checks.flatMap(({ differences }) => differences)).toEqual([]);
    expect(report).toMatchObject({ fromHeight: 21n, provenBefore: { height: 20n } });
    expect(report.coverage.by["user_commands.memo"]).toEqual([
      ...["earlier run", "receipt chain", "recomputed transaction hash", "equal to the source"],
    ]);
    expect(report.digests).toEqual(all.digests);
    expect(report.rowCounts).toEqual(all.rowCounts);
    const compared = Object.fromEntries(report.checks.map(({ id, compared: n }) => [id, n]));
    expect(compared["precomputed-equal"]).toBe(Number(archive.tipHeight) - 20);

    const above =
      "update user_commands set memo = 'x' where id = (select max(id) from user_commands)";
    expect(failedIn(await verifyChanged(above, { proven }))).toContain("user-commands-precomputed");
  });

  it("claims nothing but the earlier proof for what it had no rows of", async () => {
    const report = await verifyChanged("select 1", { proven: await provenAt(archive.tipHeight) });
    expect(report).toMatchObject({ ok: true, provenBefore: { height: archive.tipHeight } });
    expect(report.fromHeight).toBe(archive.tipHeight + 1n);
    expect(report.coverage.by["user_commands.memo"]).toEqual(["earlier run"]);
    expect(report.coverage.by["tokens.value"]).toEqual(["earlier run", "constant"]);
    const all = await verifyChanged("select 1");
    expect(all).not.toHaveProperty("provenBefore");
    expect(all.coverage.by["tokens.value"]).toEqual(["constant"]);

    const proven = await provenAt(archive.tipHeight);
    const changedBelow = "update user_commands set fee = '1' where id = 1";
    const { coverage } = await verifyChanged(changedBelow, { proven });
    expect(coverage.proven).toBe(0);
  });

  it("asks of every sequence that its next id is free, and that it has a next one", async () => {
    const greatest = "(select max(id) from public_keys)";
    const past = async (sql: string) => {
      const { checks } = await verifyChanged(sql);
      const { differences } = checks.find(({ id }) => id === "sequences-past-rows")!;
      return differences.map(({ expected, found }) => `${expected}: ${found}`);
    };
    const [last] = await archive.context.target.query<{ id: number }>(`select ${greatest} as id`);
    const { id } = last!;
    // Of its own accord `setval` is not undone with its transaction; what follows a restart is.
    const setval = (values: string) => `alter sequence public_keys_id_seq restart;
                                        select setval('public_keys_id_seq', ${values})`;
    expect(await past(setval(`${greatest}, true`))).toEqual([]);
    expect(await past(setval(`${greatest}, false`))).toEqual([`above ${id}: ${id}`]);
    expect(await past(setval("2147483647, false"))).toEqual([]);
    expect(await past(setval("2147483647"))).toEqual(["at most 2147483647: 2147483648"]);
    const backwards = `alter sequence public_keys_id_seq increment by -1 minvalue 1;
                       ${setval(`${greatest} + 1`)}`;
    expect(await past(backwards)).toEqual([`above ${id}: ${id}`]);
  });

  it("notices a column whose proven values are those of a default, in rows that nobody wrote", async () => {
    const proven = await provenAt(archive.tipHeight);
    const column = `alter table blocks_user_commands drop column failure_reason;
      alter table blocks_user_commands add column failure_reason text default 'Overflow';
      alter table blocks_user_commands alter column failure_reason drop default`;
    expect(failedIn(await verifyChanged(column, { proven }))).toEqual(["proven-part-unchanged"]);
  });

  it("notices that the proven part has been changed, by the rows or by their digest", async () => {
    const proven = await provenAt(20n);
    for (const sql of [
      "update user_commands set fee = '1' where id = 1",
      "delete from accounts_created where ctid = (select min(ctid) from accounts_created)",
      `insert into accounts_created select 2, account_identifier_id, '1' from accounts_accessed
       where block_id = 1 limit 1`,
    ]) {
      const report = await verifyChanged(sql, { proven });
      expect(failedIn(report)).toContain("proven-part-unchanged");
    }
    // Two commands swap their ids: the digest of their own table is the same then.
    const swapped = await verifyChanged(
      `create temp table old as select * from user_commands where id in (1, 4);
       update user_commands set hash = hash || 'x' where id in (1, 4);
       update user_commands c
       set (command_type, fee_payer_id, source_id, receiver_id, nonce, amount, fee, valid_until, memo,
            hash) = (select command_type, fee_payer_id, source_id, receiver_id, nonce, amount, fee,
                            valid_until, memo, hash from old where old.id = 5 - c.id)
       where id in (1, 4)`,
      { proven },
    );
    expect(failedIn(swapped)).toContain("proven-part-unchanged");
    const [difference] = swapped.checks.find(
      ({ id }) => id === "proven-part-unchanged",
    )!.differences;
    expect(difference?.table).toBe("blocks_user_commands");
    // Written anew, as by a restore: other transactions, the same rows.
    const rewritten = await verifyChanged("update epoch_data set id = id", { proven });
    expect(failedIn(rewritten)).toEqual([]);
    // A ledger that the proven block did not leave.
    const touched = await verifyChanged(
      `update accounts_accessed set nonce = nonce + 1
       where block_id = (select id from blocks where height = 20)`,
      { proven },
    );
    expect(failedIn(touched)).toContain("ledger-hash-at-every-block");
  });

  it("knows the versions of a target whose older rows it has not read again", async () => {
    const proven = await provenAt(20n);
    const all = await verifyChanged("select 1");
    const report = await verifyChanged("select 1", { proven });
    expect(report.versions).toEqual(all.versions);
    expect(report.versions).toEqual(await readVersions(archive.context.target));
  });

  it("says no to accounts that genesis should have created, also without a source", async () => {
    const report = await verifyChanged(
      `insert into accounts_created select block_id, account_identifier_id, '1000000000'
       from accounts_accessed where block_id = (select id from blocks where height = 1) limit 1`,
      { source: null },
    );
    expect(failedIn(report)).toEqual(["accounts-follow-commands"]);
    expect(report.coverage.unproven).toContain("accounts_created.creation_fee");
  });

  it("says no to blocks above the one that the network forked from", async () => {
    const [block] = await archive.context.target.query<{ state_hash: string }>(
      "select state_hash from blocks where height = 20",
    );
    const lastPreForkBlock = { height: 20n, stateHash: parseStateHash(block!.state_hash) };
    const network = { ...archive.context.network, lastPreForkBlock };
    const report = await verifyChanged("select 1", { network });
    expect(failedIn(report)).toEqual(["anchored"]);
    const at = { ...lastPreForkBlock, height: archive.tipHeight };
    const tip = { ...at, stateHash: archive.context.anchor.stateHash };
    expect(
      failedIn(await verifyChanged("select 1", { network: { ...network, lastPreForkBlock: tip } })),
    ).toEqual([]);
  });

  it("says no to blocks that the source calls orphaned, wherever they stand", async () => {
    const source = archive.context.source!;
    const [block] = await source.query<{ id: number }>(
      `update blocks set chain_status = 'orphaned'
       where height = 25 and chain_status = 'canonical' returning id`,
    );
    const report = await verifyChanged("select 1");
    await source.query("update blocks set chain_status = 'canonical' where id = $1", [block!.id]);
    expect(failedIn(report)).toEqual(["blocks-equal"]);
  });

  it("ends although a block stands where so few blocks cannot reach", async () => {
    for (const height of ["3000000000", "9000000000000"]) {
      const report = await verifyChanged(
        `update blocks set height = ${height} where height = ${archive.tipHeight}`,
      );
      expect(report.tip.height).toBe(archive.tipHeight - 1n);
      expect(failedIn(report)).toEqual(
        expect.arrayContaining(["nothing-but-canonical", "anchored", "every-row-seen"]),
      );
    }
  });

  it("proves no account at a tip whose ledger hash is not demanded", async () => {
    const { network, anchor } = archive.context;
    const exception = { reason: "a test", slots: null };
    const ledgerHashExceptions = new Map([[anchor.stateHash, exception]]);
    const report = await verifyChanged("select 1", {
      network: { ...network, ledgerHashExceptions },
    });
    expect(report.ok).toBe(true);
    expect(report.coverage.unproven).toContain("accounts_accessed.voting_for_id");
    expect(report.coverage.by["accounts_accessed.balance"]).toEqual(["commands"]);
  });

  it("demands no ledger hash of a known exception, and reports it", async () => {
    const [block] = await archive.context.target.query<{ state_hash: string }>(
      "select state_hash from blocks where height = 12",
    );
    const stateHash = parseStateHash(block!.state_hash);
    const { network } = archive.context;
    const sql = `update blocks set ledger_hash = (select ledger_hash from blocks where height = 3)
                 where height = 12`;
    const excepted = await verifyChanged(sql, {
      blocks: null,
      source: archive.context.source,
      network: {
        ...network,
        ledgerHashExceptions: new Map([[stateHash, { reason: "why", slots: null }]]),
      },
    });
    expect(failedIn(excepted)).toEqual(["blocks-equal"]);
    expect(excepted.exceptions).toEqual([{ height: 12n, stateHash, reason: "why" }]);
    const strict = await verifyChanged(sql, { blocks: null });
    expect(failedIn(strict)).toEqual(["blocks-equal", "ledger-hash-at-every-block"]);
  });

  it("holds the target against a file with other commands only when there is no better one", async () => {
    const { blocksFolder } = archive;
    const altered = await mkdtemp(path.join(tmpdir(), "forklift-altered-blocks-"));
    await cp(blocksFolder, altered, { recursive: true });
    const height = await alterFee(altered);
    const verifiedWith = async (urls: readonly string[]) => {
      const warnings: string[] = [];
      const warn = (message: string) => warnings.push(message);
      const places = { urls, network: "sample", scratchDirectory: altered, threads: 0, warn };
      await using blocks = await openBlockSources(places);
      return { report: await verifyChanged("select 1", { blocks }), warnings };
    };
    const both = await verifiedWith([altered, blocksFolder]);
    expect(failedIn(both.report)).toEqual([]);
    expect(both.warnings).toEqual([
      expect.stringMatching(`sample-${height}-.* is set aside: wrong: its commands are not those`),
    ]);
    const alone = await verifiedWith([altered]);
    await rm(altered, { recursive: true });
    // The fee is the producer's, too.
    const commandChecks = ["user-commands-precomputed", "internal-commands-precomputed"];
    expect(failedIn(alone.report)).toEqual(commandChecks);
    const differences = alone.report.checks.flatMap((check) => check.differences);
    expect(new Set(differences.map(({ column }) => column))).toEqual(new Set(["hash", "fee"]));
    for (const { key } of differences) expect(key).toContain(`height ${height}, `);
  });

  it("looks above a block that is missing", async () => {
    const holed = await mkdtemp(path.join(tmpdir(), "forklift-holed-blocks-"));
    await cp(archive.blocksFolder, holed, { recursive: true });
    for (const name of await readdir(holed)) {
      if (/^sample-(12|20)-/.test(name)) await rm(path.join(holed, name));
    }
    const sources = { urls: [holed], network: "sample", scratchDirectory: holed, threads: 0 };
    await using blocks = await openBlockSources(sources);
    const report = await verifyChanged(
      "update blocks set last_vrf_output = 'x' where height in (11, 15, 30)",
      { blocks },
    );
    await rm(holed, { recursive: true });
    const differencesOf = (id: string) =>
      report.checks.find((check) => check.id === id)!.differences;
    const keys = differencesOf("precomputed-equal").map(({ key }) => key.replace(/, .*/, ""));
    expect(keys).toEqual(["height 11", "height 12", "height 15", "height 20", "height 30"]);
    expect(differencesOf("user-commands-precomputed").map(({ key }) => key)).toEqual([
      ...["height 12", "height 20"],
    ]);
    const unansweredIn = report.checks.filter(({ unanswered }) => unanswered !== undefined);
    expect(unansweredIn.map(({ id }) => id)).toEqual([
      ...["user-commands-precomputed", "internal-commands-precomputed"],
    ]);
  });

  it("reports a check that cannot be carried out, and asks the others", async () => {
    const empty = await mkdtemp(path.join(tmpdir(), "forklift-no-blocks-"));
    const sources = { urls: [empty], network: "sample", scratchDirectory: empty };
    await using blocks = await openBlockSources(sources);
    const without = await verifyChanged("select 1", { blocks });
    expect(failedIn(without)).toEqual([
      "precomputed-equal",
      "user-commands-precomputed",
      "internal-commands-precomputed",
    ]);
    const [difference] = without.checks.find(({ ok }) => !ok)!.differences;
    expect(difference).toMatchObject({ key: "height 2", expected: "an answer to this check" });
    expect(difference?.found).toMatch(/no source has a sound block 3N.* at height 2/);
    const missing = await verifyChanged("drop table token_symbols cascade", { blocks });
    await rm(empty, { recursive: true });
    expect(failedIn(missing)).toContain("schema-equal");
    expect(missing.checks.find(({ id }) => id === "anchored")?.ok).toBe(true);
    const found = missing.checks.find(({ id }) => id === "receipt-chains")!.differences[0]!;
    expect(found).toMatchObject({ expected: "an answer to this check" });
    expect(found.found).toMatch(/token_symbols/);
  });

  it("passes on that a database is away, and stops when the signal says so", async () => {
    const away = await openTestSession(archive.target);
    await away.close();
    const unreachable = verifyArchive({ ...archive.context, target: away }, options);
    await expect(unreachable).rejects.toThrow(TryAgainError);
    const stopped = { ...options, signal: AbortSignal.abort() };
    await expect(verifyArchive(archive.context, stopped)).rejects.toThrow(TryAgainError);
    const nowhere = "postgres://127.0.0.1:1/nothing";
    const openTarget = () => connect(nowhere, { applicationName: "test" });
    const half = verifyArchive({ ...archive.context, openTarget }, options);
    await expect(half).rejects.toThrow(TryAgainError);
  });

  it("refuses a target that ends below the proven height, and one without blocks", async () => {
    const proven = { ...(await provenAt(20n))!, height: archive.tipHeight + 1n };
    const above = verifyChanged("select 1", { proven });
    await expect(above).rejects.toThrow(/below the proven height/);
    const empty = verifyChanged("truncate blocks cascade");
    await expect(empty).rejects.toThrow(ConfigError);
  });
});

describe("digestTables", () => {
  it("gives 64 hex digits for every filled table, no two alike", async () => {
    const digests = await digestTables(archive.context.target);
    expect(Object.keys(digests)).toEqual([...FILLED_TABLES]);
    for (const digest of Object.values(digests)) expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(new Set(Object.values(digests)).size).toBe(FILLED_TABLES.length);
  });

  it("is zero for an empty table, and notices a row that is there twice", async () => {
    const { target } = archive.context;
    const digest = (table: FilledTable) => digestTable(target, table);
    const before = await digest("voting_for");
    const empty = await changed("truncate accounts_created", () => digest("accounts_created"));
    expect(empty).toBe("0".repeat(64));
    const twice = "insert into voting_for (id, value) select id + 1, value from voting_for";
    expect(await changed(twice, () => digest("voting_for"))).not.toBe(before);
  });

  it("does not depend on serial ids nor on the order of rows", async () => {
    const { target, schema } = archive.context;
    const before = await digestTables(target);
    const statements = FILLED_TABLES.flatMap((table, index) => {
      const by = (index + 1) * 1_000_000;
      const { columns } = schema.tables[table]!;
      const renumber = columns.some(({ name }) => name === "id")
        ? [
            `update ${table} set id = id + ${by}`,
            ...Object.entries(schema.tables).flatMap(([from, { foreignKeys }]) =>
              foreignKeys
                .filter(({ refTable }) => refTable === table)
                .map(({ columns: [column] }) => `update ${from} set ${column} = ${column} + ${by}`),
            ),
          ]
        : [];
      return [
        ...renumber,
        `create temp table reversed on commit drop as select * from ${table} order by ctid desc;
         delete from ${table}; insert into ${table} select * from reversed; drop table reversed`,
      ];
    });
    const after = await changed(statements.join(";\n"), async () => {
      const digests: Record<string, string> = {};
      for (const table of FILLED_TABLES) digests[table] = await digestTable(target, table);
      const [first] = await target.query<{ id: number }>("select id from blocks limit 1");
      expect(first?.id).toBeGreaterThan(1_000_000);
      return digests;
    });
    expect(after).toEqual(before);
  });
});
