// What `forklift migrate --plan` and `forklift audit` say, compared with what a migration then does;
// and that neither they nor the migration writes the source.

import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { cp, readdir, rm, stat } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import { promisify } from "node:util";
import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import {
  blockFileOf,
  contentsOf,
  inProcess,
  isMainnetDataMissing,
  MAINNET,
  mainnetUrl,
  openPlainRole,
  openSmallArchive,
  openTestDatabase,
  openTestSession,
  type PlainRole,
  type SmallArchive,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrator } from "../../../src/commands/index.ts";

const { run, runJson } = inProcess(migrator);
const execute = promisify(execFile);

const CANONICAL_HEIGHT = 240;
const FILES_HEIGHT = 300;
const LEDGER = mainnetUrl(MAINNET.genesisLedger);

interface PlanDocument {
  readonly ok: boolean;
  readonly plan: {
    readonly range: { from: number; to: number; blocks: number } | null;
    readonly pendingBlocks: number;
    readonly target: { state: string; tip: { height: number } | null };
    readonly rows: { table: string; rows: number; isEstimate: boolean }[];
    readonly precomputed: {
      neededCount: number;
      missingCount: number | null;
      isExact: boolean;
      missing: string[];
      places: { url: string; asked: string; blockCount: number; bytes: number | null }[];
    };
    readonly bytes: { blockFiles: number; target: number };
    readonly time: { ms: number; blocksPerSecond: number; measured: string };
    readonly servers: { role: string; version: string; databaseBytes: number | null }[];
    readonly filesToFetch: string[];
  };
}

describe.skipIf(isMainnetDataMissing())("with real mainnet data", () => {
  let archive: SmallArchive;
  /** May read the source, and nothing else. */
  let reader: PlainRole;

  beforeAll(async () => {
    archive = await openSmallArchive({
      canonicalHeight: CANONICAL_HEIGHT,
      filesHeight: FILES_HEIGHT,
    });
    reader = await openPlainRole(archive.source, [
      "grant select on all tables in schema public to ROLE",
    ]);
  });

  afterAll(async () => {
    await reader[Symbol.asyncDispose]();
    await archive[Symbol.asyncDispose]();
  });

  interface Asked {
    readonly target: string;
    readonly source?: string;
    readonly blocks?: string;
    readonly more?: readonly string[];
  }

  const migration = ({ target, source, blocks, more = [] }: Asked) => [
    ...["migrate", "--source-db", source ?? archive.source.url, "--target-db", target],
    ...["--blocks", blocks ?? archive.blocks, "--genesis-ledger", LEDGER, "--network", "mainnet"],
    ...more,
  ];
  const planOf = async (asked: Asked) =>
    (await runJson<PlanDocument>([...migration(asked), "--plan"])).plan;

  // The owner could write: what keeps the source as it is must then be forklift.
  test.each([
    ["a role with SELECT alone", () => reader.url],
    ["the owner", () => archive.source.url],
  ])(
    "as %s the source is read, and stays as it was to the last byte",
    { tags: ["only-in-all"] },
    async (_who, url) => {
      const before = await checksumOf(archive.source);
      await using target = await openTestDatabase();
      const asked = { source: url(), target: target.url };
      await planOf(asked);
      await runJson(migration(asked));
      await runJson(migration({ ...asked, more: ["--stop-at-height", "260"] }));
      await runJson(["audit", "--source-db", url()]);
      expect(await checksumOf(archive.source)).toEqual(before);
    },
  );

  test("a plan writes nothing, and its rows are those that a migration then writes", async () => {
    await using target = await openTestDatabase();
    const asked = { target: target.url };
    const plan = await planOf(asked);
    expect(await contentsOf(target)).toEqual({});
    expect(plan).toMatchObject({
      range: { from: 1, to: CANONICAL_HEIGHT, blocks: CANONICAL_HEIGHT },
      pendingBlocks: 0,
      target: { state: "empty", tip: null },
      filesToFetch: [],
    });
    await runJson(migration(asked));
    await expectRows(plan, {}, await rowCounts(target));

    const written = await rowCounts(target);
    const contents = await contentsOf(target);
    const further = { ...asked, more: ["--stop-at-height", "300"] };
    const next = await planOf(further);
    expect(await contentsOf(target)).toEqual(contents);
    expect(next).toMatchObject({
      range: { from: CANONICAL_HEIGHT + 1, to: 300, blocks: 60 },
      pendingBlocks: 60,
      target: { state: "archive", tip: { height: CANONICAL_HEIGHT } },
    });
    await runJson(migration(further));
    await expectRows(next, written, await rowCounts(target));

    const idle = await planOf(further);
    expect(idle.range).toBeNull();
    expect(idle.rows.map(({ rows }) => rows)).toEqual(idle.rows.map(() => 0));
    expect(idle.precomputed).toMatchObject({ neededCount: 0, missing: [] });
  });

  test("the rate of the next plan is the one that was measured on this target", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase();
    const asked = { target: target.url };
    expect((await planOf(asked)).time.measured).toContain("two cores");
    await runJson(migration(asked));
    await using session = await openTestSession(target);
    const [rate] = await session.query<{ units: string; elapsed_ms: string }>(
      "select units, elapsed_ms from forklift.stage_rate where stage = 'copy-blocks'",
    );
    const { time } = await planOf({ ...asked, more: ["--stop-at-height", "300"] });
    expect(time.measured).toContain(`this target, ${rate!.units} blocks`);
    const perSecond = (Number(rate!.units) * 1000) / Number(rate!.elapsed_ms);
    expect(time.blocksPerSecond).toBeCloseTo(perSecond, 0);
    expect(time.ms).toBe(Math.round((60 / perSecond) * 1000));
  });

  test("a target that does not exist is planned for, and not made", async () => {
    await using neighbour = await openTestDatabase();
    const target = urlWithDatabase(neighbour.url, "planned_only");
    const plan = await planOf({ target });
    expect(plan.target).toMatchObject({ state: "missing", tip: null });
    expect(plan.servers).toMatchObject([
      { role: "source" },
      { role: "target", databaseBytes: null },
    ]);
    expect(await databaseExists(target)).toBe(false);
  });

  test("a plan does not wait for the run that holds the target", async () => {
    await using target = await openTestDatabase();
    await using other = await openTestSession(target);
    await other.query("begin");
    await other.query("create table held (id int)");
    await expect(planOf({ target: target.url })).resolves.toBeDefined();
    await other.query("rollback");
  });

  test("every missing block file is named, and each place with what it would give", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase();
    const { stateHashes, home } = archive;
    const [first, second] = [path.join(home, "first"), path.join(home, "second")];
    await cp(archive.blocks, first, { recursive: true });
    await cp(archive.blocks, second, { recursive: true });
    const gone = (folder: string, heights: number[]) =>
      Promise.all(heights.map((at) => rm(path.join(folder, blockFileOf(stateHashes, at)))));
    await gone(first, [50, 51, 90]);
    await gone(second, [50, 90]);
    const blocks = `${first},${second}`;
    const plan = await planOf({ target: target.url, blocks });
    const missing = [50, 90].map((at) => blockFileOf(stateHashes, at));
    expect(plan.filesToFetch).toEqual(missing);
    expect(plan.precomputed).toMatchObject({
      neededCount: 239,
      missingCount: 2,
      isExact: true,
      missing,
      places: [
        {
          asked: "listed",
          blockCount: 236,
          heights: [
            [2, 49],
            [52, 89],
            [91, 240],
          ],
        },
        { asked: "listed", blockCount: 1, heights: [[51, 51]] },
      ],
    });
    const { size } = await stat(path.join(second, blockFileOf(stateHashes, 51)));
    expect(plan.precomputed.places[1]!.bytes).toBe(size);
    const { stdout } = await run([...migration({ target: target.url, blocks }), "--plan"]);
    expect(stdout).toMatch(
      /without --plan .* would stop at the first of 2 blocks that no place has$/m,
    );
  });

  /** A bundle of all block files but those of some heights. */
  async function packed(name: string, ...gone: number[]): Promise<string> {
    const bundle = path.join(archive.home, name);
    const left = gone.map((at) => `--exclude=${blockFileOf(archive.stateHashes, at)}`);
    await execute("tar", [
      "-czf",
      bundle,
      ...left,
      "-C",
      archive.home,
      path.basename(archive.blocks),
    ]);
    return bundle;
  }

  test("of a bundle, too, every missing block file is named", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase();
    const blocks = await packed("part.tar.gz", 40, 90);
    const plan = await planOf({ target: target.url, blocks });
    const missing = [40, 90].map((at) => blockFileOf(archive.stateHashes, at));
    expect(plan.filesToFetch).toEqual(missing);
    const heights = [
      [2, 39],
      [41, 89],
      [91, 240],
    ];
    expect(plan.precomputed).toMatchObject({
      ...{ neededCount: 239, missingCount: 2, isExact: true, missing },
      places: [{ asked: "listed", blockCount: 237, heights }],
    });
    const args = migration({ target: target.url, blocks, more: ["--plan"] });
    expect((await run(args)).stdout).toContain("239 are needed, 2 are missing everywhere");
  });

  test("a bundle far away is listed once a run has left its index in the cache", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase();
    await packed("far.tar.gz", 230);
    const { url, close } = await serve(archive.home);
    const blocks = `${url}/far.tar.gz`;
    const cache = path.join(archive.home, "cache-of-far");
    const asked = { target: target.url, blocks, more: ["--cache", cache] };
    const before = await planOf(asked);
    expect(before.precomputed).toMatchObject({ missingCount: null, isExact: false, missing: [] });
    expect(before.precomputed.places.at(-1)).toMatchObject({
      asked: "not asked",
      remark: "a bundle far away would be fetched whole",
    });
    await expect(stat(cache)).rejects.toThrow("ENOENT");
    await using other = await openTestDatabase();
    const first = { ...asked, target: other.url, more: [...asked.more, "--stop-at-height", "20"] };
    await runJson(migration(first));
    const after = await planOf(asked);
    close();
    const missing = [blockFileOf(archive.stateHashes, 230)];
    expect(after.precomputed).toMatchObject({ missingCount: 1, isExact: true, missing });
    expect(after.precomputed.places).toMatchObject([
      { asked: "listed", blockCount: 19 },
      { asked: "listed", blockCount: 219 },
    ]);
  });

  test("a web server is asked for a few blocks, which tell the size of all", {
    tags: ["only-in-all"],
  }, async () => {
    await using target = await openTestDatabase();
    const { url, close } = await serve(archive.blocks);
    const plan = await planOf({ target: target.url, blocks: url });
    close();
    expect(plan.precomputed).toMatchObject({ missingCount: 0, isExact: false, missing: [] });
    const [place] = plan.precomputed.places;
    expect(place).toMatchObject({ asked: "probed", askedCount: 16, blockCount: 239 });
    const folder = await planOf({ target: target.url });
    const exact = folder.precomputed.places[0]!.bytes!;
    expect(place!.bytes! / exact).toBeGreaterThan(0.5);
    expect(place!.bytes! / exact).toBeLessThan(2);
  });

  test("a cache is looked into, and not written", { tags: ["only-in-all"] }, async () => {
    await using target = await openTestDatabase();
    const cache = path.join(archive.home, "cache");
    const { url, close } = await serve(archive.blocks);
    const asked = { target: target.url, blocks: url, more: ["--cache", cache] };
    await planOf(asked);
    await expect(stat(cache)).rejects.toThrow("ENOENT");
    await runJson(migration({ ...asked, more: [...asked.more, "--stop-at-height", "100"] }));
    const kept = (await readdir(path.join(cache, "blocks"))).length;
    await using empty = await openTestDatabase();
    const plan = await planOf({ ...asked, target: empty.url });
    close();
    expect(plan.precomputed.places).toMatchObject([
      { asked: "listed", blockCount: 99, heights: [[2, 100]] },
      { asked: "probed", blockCount: 140 },
    ]);
    expect((await readdir(path.join(cache, "blocks"))).length).toBe(kept);
  });

  test("a source with a gap: the plan and the refusal give the file to fetch", async () => {
    const at = `(select id from blocks where height = 50 and chain_status = 'canonical')`;
    await using source = await archive.changedSource(
      `update blocks set parent_id = null where parent_id = ${at};
       delete from blocks_user_commands where block_id = ${at};
       delete from blocks_internal_commands where block_id = ${at};
       delete from blocks where id = ${at}`,
    );
    await using target = await openTestDatabase();
    const file = blockFileOf(archive.stateHashes, 50);
    const asked = migration({ source: source.url, target: target.url });
    const documentOf = async (args: readonly string[]) => {
      const { exit, stdout } = await run([...args, "--json"]);
      expect(exit).toBe(65);
      return JSON.parse(stdout) as PlanDocument & Record<string, unknown>;
    };
    const planned = await documentOf([...asked, "--plan"]);
    const { stdout } = await run([...asked, "--plan"]);
    expect(stdout).toMatch(/without --plan .* would not begin: 1 fault of the source/);
    expect(planned).toMatchObject({ ok: false, plan: { filesToFetch: [file] } });
    const finding = {
      kind: "missing-block",
      height: 50,
      stateHash: archive.stateHashes[50],
      parentHash: archive.stateHashes[49],
      mend: { action: "add", files: [file] },
    };
    const findings = expect.arrayContaining([expect.objectContaining(finding)]);
    const gap = { ok: false, stoppingCount: 1, filesToFetch: [file], findings };
    expect(await documentOf(asked)).toMatchObject({ ...gap, error: { exit: 65 } });
    expect(await documentOf(["audit", "--source-db", source.url])).toMatchObject(gap);
    expect(await contentsOf(target)).toEqual({});
  });

  test("the tables for people say the same", { tags: ["only-in-all"] }, async () => {
    await using target = await openTestDatabase();
    const { stdout } = await run([...migration({ target: target.url }), "--plan"]);
    expect(stdout).toContain(`blocks   heights 1 to ${CANONICAL_HEIGHT}, ${CANONICAL_HEIGHT}`);
    expect(stdout).toMatch(/public_keys +\d+/);
    expect(stdout).toContain("239 are needed, 0 are missing everywhere");
    expect(stdout).toMatch(/source +\d+\.\d+/);
    expect(stdout).toMatch(/without --plan the same command migrates$/m);
    expect(await readdir(archive.blocks)).toHaveLength(FILES_HEIGHT - 1);
  });
});

/** A web server over a folder. */
async function serve(folder: string): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => {
    // As web servers do: a file without one may be another the next time.
    response.setHeader("etag", '"as it was"');
    const file = createReadStream(path.join(folder, path.basename(request.url!)));
    file.on("error", () => response.writeHead(404).end());
    file.pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/blocks`, close: () => void server.close() };
}

/** Every table, every sequence, and what the catalog says of both. */
async function checksumOf(database: TestDatabase): Promise<object> {
  await using session = await openTestSession(database);
  const sequences = await session.query(
    "select sequencename, last_value from pg_sequences order by sequencename",
  );
  const [catalog] = await session.query(
    `select md5(string_agg(line, ',' order by line)) as digest
     from (select concat_ws(' ', c.relname, c.relkind, a.attname, a.attnum) as line
           from pg_class c left join pg_attribute a on a.attrelid = c.oid
           where c.relnamespace not in ('pg_toast'::regnamespace)) lines`,
  );
  return { tables: await contentsOf(database), sequences, catalog };
}

/** Of the tables alone: an index or a constraint among the contents has no rows to count. */
async function rowCounts(database: TestDatabase): Promise<Record<string, number>> {
  const contents = await contentsOf(database);
  return Object.fromEntries(
    Object.entries(contents)
      .map(([name, text]): [string, number] => [
        name.replace("public.", ""),
        Number.parseInt(text, 10),
      ])
      .filter(([, count]) => !Number.isNaN(count)),
  );
}

/** An estimate may be a twentieth off; everything else is exact, and every table is reported. */
async function expectRows(
  { rows }: PlanDocument["plan"],
  before: Record<string, number>,
  after: Record<string, number>,
): Promise<void> {
  const told = new Map(rows.map((row) => [row.table, row]));
  for (const [table, count] of Object.entries(after)) {
    if (table.startsWith("forklift.")) continue;
    const written = count - (before[table] ?? 0);
    const planned = told.get(table);
    if (planned?.isEstimate === true) {
      expect(Math.abs(planned.rows - written), table).toBeLessThanOrEqual(written / 20);
    } else expect([table, planned?.rows ?? 0]).toEqual([table, written]);
  }
}
