// docs/for-consumers.md: every query of the page is run as it stands there, before on a pre-fork archive and after on
// its migration, for keys of every kind; and every column of the old schema has its place in the table.
// @module-tag only-in-all

import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSample } from "@forklift/sample";
import { type Era, readSchema } from "@forklift/schemas";
import { inProcess, openTestDatabase, openTestSession, type TestDatabase } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const PAGE = new URL("../../docs/for-consumers.md", import.meta.url);

/** The canonical blocks of the sample. */
const TIP_HEIGHT = 55;
/** Keys that each query is asked for, and heights. */
const KEYS_MAX = 25;
const HEIGHTS = [1, 20, TIP_HEIGHT];

const { runJson } = inProcess(forklift);

interface Query {
  readonly before?: string;
  readonly after: string;
}

let page: string;
let home: string;
let source: TestDatabase;
let target: TestDatabase;

function queriesOf(text: string): Map<string, Query> {
  const found = new Map<string, { before?: string; after?: string }>();
  const block = /<!-- query: ([a-z-]+) (old|new) -->\s*```sql\n([^`]*)```/g;
  for (const [, name, era, sql] of text.matchAll(block)) {
    const query = found.get(name!) ?? {};
    query[era === "old" ? "before" : "after"] = sql!;
    found.set(name!, query);
  }
  return found as Map<string, Query>;
}

async function rowsOf(database: TestDatabase, sql: string, params: readonly unknown[]) {
  await using session = await openTestSession(database);
  return await session.query(sql, params);
}

beforeAll(async () => {
  page = await readFile(PAGE, "utf8");
  home = await mkdtemp(path.join(tmpdir(), "forklift-consumers-"));
  const folder = path.join(home, "sample");
  const sizes = { blocks: 60, days: 1, seed: 7, finality: 5, accounts: 40, commandsPerBlock: 6 };
  const { dumps } = await makeSample(sizes, folder);
  source = await openTestDatabase();
  target = await openTestDatabase();
  const places = [
    ...["--target-db", target.url, "--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", `file://${folder}/genesis-ledger.json`],
  ];
  const dump = `file://${folder}/dumps/${dumps[0]}`;
  await runJson(["restore", "--dump", dump, "--db", source.url]);
  const blocks = ["--blocks", path.join(folder, "blocks")];
  await runJson(["migrate", ...places, "--source-db", source.url, ...blocks]);
  await runJson(["replay", ...places, "--checkpoints", home]);
});

afterAll(async () => {
  await target?.[Symbol.asyncDispose]();
  await source?.[Symbol.asyncDispose]();
  await rm(home, { recursive: true, force: true });
});

test("the queries before and after give equal answers", async () => {
  const keys = await rowsOf(
    source,
    `select distinct on (k.value) k.value from public_keys k
     where exists (select from user_commands c where k.id in (c.source_id, c.receiver_id))
        or exists (select from blocks b where b.creator_id = k.id)
     order by k.value limit ${KEYS_MAX}`,
    [],
  );
  const queries = [...queriesOf(page)].filter(([, { before }]) => before !== undefined);
  expect(queries.map(([name]) => name)).toEqual([
    ...["balance", "payments", "fees-paid", "fees-received", "chain", "internal", "delegators"],
  ]);
  await using before = await openTestSession(source);
  await using after = await openTestSession(target);
  for (const [name, query] of queries) {
    let answered = 0;
    for (const { value } of keys as { value: string }[]) {
      for (const height of HEIGHTS) {
        const params = name === "chain" ? [height] : [value, height];
        const expected = await before.query(query.before!, params);
        const found = await after.query(query.after, params);
        // Of an account that no command has touched, the old archive knows nothing.
        if (name === "balance" && expected.length === 0) continue;
        expect(found, `${name} of ${value} at ${height}`).toEqual(expected);
        answered += found.length;
      }
    }
    expect(answered, name).toBeGreaterThan(0);
  }
});

test("everybody who delegates to a key are those by a command and others, with what they have", async () => {
  const { after: all } = queriesOf(page).get("all-delegators")!;
  const { after: some } = queriesOf(page).get("delegators")!;
  await using session = await openTestSession(target);
  const [busiest] = await session.query<{ value: string; count: string }>(
    `select d.value, count(*) from accounts_accessed a join blocks b on b.id = a.block_id
     join public_keys d on d.id = a.delegate_id where b.height = 1 group by d.value order by count(*) desc limit 1`,
  );
  const atGenesis = await session.query(all, [busiest!.value, 1]);
  expect(atGenesis).toHaveLength(Number(busiest!.count));
  const names = (rows: object[]) => rows.map((row) => (row as { delegator: string }).delegator);
  const atTip = names(await session.query(all, [busiest!.value, TIP_HEIGHT]));
  expect(atTip).toEqual(
    expect.arrayContaining(names(await session.query(some, [busiest!.value, TIP_HEIGHT]))),
  );
});

async function columnsOf(era: Era): Promise<Set<string>> {
  const { manifest } = await readSchema(era);
  return new Set(
    Object.entries(manifest.tables).flatMap(([table, { columns }]) =>
      columns.map(({ name }) => `${table}.${name}`),
    ),
  );
}

test("every column of the old schema has its place, and every new one that is named is there", async () => {
  const rows = [...page.matchAll(/^\| `([a-z_]+\.[a-z_]+)` \| (?:`([a-z_]+\.[a-z_]+)`|none) \|/gm)];
  const [before, after] = [await columnsOf("mainnet"), await columnsOf("berkeley")];
  expect(rows.map(([, column]) => column).sort()).toEqual([...before].sort());
  for (const [, , column] of rows) {
    if (column !== undefined) expect(after).toContain(column);
  }
});
