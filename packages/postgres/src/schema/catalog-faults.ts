// Finds faults of a schema that a comparison of catalogs does not show: an object is not in force,
// or rows are not in the table that they seem to be in.

import type { Session } from "../session/session.ts";

/** A fault of a schema whose catalog equals the expected one. */
export interface CatalogFault {
  readonly table: string;
  readonly object: string;
  readonly fault: string;
}

const FAULTS = `
  select c.relname as "table", f.object, f.fault
  from pg_class c join (
    select conrelid as relation, 'constraint ' || conname as object, 'not validated' as fault
    from pg_constraint where not convalidated
    union all
    select indrelid, 'index ' || indexrelid::regclass::text, 'not valid'
    from pg_index where not (indisvalid and indisready and indislive)
    union all
    select tgrelid, 'triggers', count(*) || ' of them not enabled'
    from pg_trigger where tgenabled <> 'O' group by tgrelid
    union all
    select ev_class, 'rule ' || rulename, 'rewrites queries' from pg_rewrite
    union all
    select oid, 'rows', 'hidden by row security' from pg_class where relrowsecurity
    union all
    select oid, 'rows', 'lost when the server crashes: not logged'
    from pg_class where relpersistence <> 'p'
    union all
    select inhparent, 'rows', 'some may be in ' || inhrelid::regclass || ', which inherits from it'
    from pg_inherits
    union all
    select inhrelid, 'rows', 'seen in ' || inhparent::regclass || ', too, which it inherits from'
    from pg_inherits
  ) f on f.relation = c.oid
  where c.relkind in ('r', 'S') and c.relnamespace = 'public'::regnamespace
  order by 1, 2, 3`;

/** None in a database whose DDL was run and not meddled with. Reads only. */
export async function readCatalogFaults(session: Session): Promise<readonly CatalogFault[]> {
  return await session.query<CatalogFault>(FAULTS);
}

/** How many constraints and indexes of schema public are there and not valid, as a broken build leaves them. */
export async function countInvalidIndexes(session: Session): Promise<number> {
  const [row] = await session.query<{ invalid: string }>(
    `select (select count(*) from pg_constraint
             where connamespace = 'public'::regnamespace and not convalidated)
          + (select count(*) from pg_index i join pg_class c on c.oid = i.indexrelid
             where c.relnamespace = 'public'::regnamespace and not i.indisvalid) as invalid`,
  );
  return Number(row!.invalid);
}
