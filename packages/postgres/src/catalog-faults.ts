// What stands in the way of a schema that is there, name by name: it is not in force, or its rows are not
// where they seem to be.

import type { Session } from "./session.ts";

/** What stands in the way of a schema that two equal catalogs describe. */
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
