// Databases that hold what a dump holds: restored once in a run, and copied for whoever needs one.

import { oncePerRun } from "./once-per-run.ts";
import { forkliftJson } from "./run-forklift.ts";
import {
  keepTestDatabase,
  openTestDatabase,
  type TestDatabase,
  type TestTemplate,
} from "./test-database.ts";

/** @param dump a path or a URL. */
export async function restoredTemplate(dump: string): Promise<TestTemplate> {
  return await oncePerRun(`restored ${dump}`, async () => {
    const { name, url } = await keepTestDatabase();
    await forkliftJson(["restore", "--dump", dump, "--db", url]);
    return { name };
  });
}

/** A copy of the caller's own. */
export async function openRestored(dump: string): Promise<TestDatabase> {
  return await openTestDatabase(await restoredTemplate(dump));
}
