// Reads the contents of a database or a folder, in a form in which two moments can be compared.

import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { digestTables } from "@forklift/verifier";
import { contentsIn } from "./database-contents.ts";
import { openTestSession, type TestDatabase } from "./test-database.ts";

/** All of it, times of day included: equal means that nothing at all was written in between. */
export async function contentsOf(database: TestDatabase): Promise<Record<string, string>> {
  await using session = await openTestSession(database);
  return await contentsIn(session, { isTimed: true });
}

/** Of the tables of an archive, without serial ids. */
export async function digestsOf(
  database: Pick<TestDatabase, "url">,
): Promise<Readonly<Record<string, string>>> {
  await using session = await openTestSession(database);
  return await digestTables(session);
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
