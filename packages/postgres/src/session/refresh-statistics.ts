// Refreshes the planner's statistics (ANALYZE) after a bulk load or a restore: without it, queries
// over the new rows scan whole tables until autovacuum has run, which may be after the job.

import type { Session } from "./session.ts";

/** Of our tables: those of PostgreSQL itself would take a tenth of a second more. May be part of a transaction. */
export async function refreshStatistics(session: Session): Promise<void> {
  const [own] = await session.query<{ tables: string | null }>(
    `select string_agg(format('%I.%I', n.nspname, c.relname), ', ') as tables
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where c.relkind = 'r' and n.nspname in ('public', 'forklift')`,
  );
  if (own!.tables !== null) await session.query(`analyze ${own!.tables}`);
}
