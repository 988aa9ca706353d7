// Asks a question of a target that was tampered with, and leaves the target as it was.

import type { Catalog, Session } from "@forklift/postgres";
import type { VerificationReport } from "../src/report.ts";
import type { Tampering } from "./tamperings.ts";

/** What is done stays in a transaction of its own. Foreign keys do not stand in the way. */
export async function underTampering<Result>(
  target: Session,
  { sql }: Pick<Tampering, "sql">,
  ask: () => Promise<Result>,
): Promise<Result> {
  for (const [at, statement] of sql.entries()) {
    await target.query("begin; set local session_replication_role = replica");
    try {
      await target.query(statement);
    } catch (error) {
      await target.query("rollback");
      if (at + 1 < sql.length) continue;
      throw error;
    }
    try {
      return await ask();
    } finally {
      await target.query("rollback");
    }
  }
  throw new Error("nothing to do");
}

export function failedIn({ checks }: Pick<VerificationReport, "checks">): string[] {
  return checks.filter(({ ok }) => !ok).map(({ id }) => id);
}

/** What a difference names besides columns: a row or an object as a whole, and what is asked of a whole table. */
const NO_COLUMN = new Set(["*", "count(*)", "digest"]);

/** A difference names a column as the database has it, not as our queries call it. */
export function unknownColumnsOf(
  { checks }: Pick<VerificationReport, "checks">,
  { tables }: Catalog,
): string[] {
  return checks
    .flatMap(({ differences }) => differences)
    .filter(({ table, column }) => {
      if (NO_COLUMN.has(column)) return false;
      return !tables[table]?.columns.some(({ name }) => name === column);
    })
    .map(({ table, column }) => `${table}.${column}`);
}
