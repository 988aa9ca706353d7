// What stands in a database or a folder, in a form that two moments can be compared by.

import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { openTestSession, type TestDatabase } from "@forklift/testkit";

/**
 * Every table outside the system schemas with its row count and a digest of its rows, serial ids and
 * progress marks included: equal means that nothing at all was written in between.
 */
export async function contentsOf(database: TestDatabase): Promise<Record<string, string>> {
  await using session = await openTestSession(database);
  const tables = await session.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema') order by 1`,
  );
  const contents: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await session.query<{ count: string; digest: string | null }>(
      `select count(*), md5(string_agg(row::text, E'\\n' order by row::text)) as digest
       from ${name} row`,
    );
    contents[name] = `${row!.count} rows, ${row!.digest ?? "no digest"}`;
  }
  return contents;
}

/**
 * Names and sizes of the files of a folder, without what lies in folders of it, such as the records of
 * runs in a store; nothing for a folder that is not there.
 */
export async function filesIn(folder: string): Promise<Record<string, number>> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
  const sizes = names.sort().map(async (name): Promise<[string, number]> => {
    return [name, (await stat(path.join(folder, name))).size];
  });
  return Object.fromEntries(await Promise.all(sizes));
}
