// Whether a dump may be restored into a database: it must be empty, and ours to fill.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "../session/session.ts";

/** @throws ConfigError */
export async function requireRestorable(session: Session): Promise<void> {
  const [found] = await session.query<{ what: string }>(
    `select what from (
       select case when c.relkind in ('v', 'm') then 'view' when c.relkind = 'S' then 'sequence'
                   else 'table' end || ' "' || c.relname || '"' as what, c.relkind = 'S' as is_minor
       from pg_class c
       where c.relkind in ('r', 'p', 'v', 'm', 'S', 'f') and c.relnamespace = to_regnamespace('public')
         and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
       union all
       select 'type "' || t.typname || '"', true from pg_type t
       left join pg_class c on c.oid = t.typrelid
       where (t.typtype in ('e', 'd') or c.relkind = 'c') and t.typnamespace = to_regnamespace('public')
     ) there
     order by is_minor, what limit 1`,
  );
  if (found !== undefined) throw notEmpty(session, `it has a ${found.what}, expected none`);
  const [schema] = await session.query<{ present: boolean }>(
    "select to_regnamespace('public') is not null as present",
  );
  if (schema?.present !== true) {
    throw new ConfigError(
      `${session.maskedUrl} has no schema public, where an archive's tables lie`,
      {
        hint: "create schema public, or give a database that does not exist yet",
      },
    );
  }
  const [rights] = await session.query<{ role: string; database: string; may: boolean }>(
    `select current_user as role, current_database() as database,
            has_database_privilege(current_database(), 'create')
              and has_schema_privilege('public', 'create') as may`,
  );
  if (rights?.may === true) return;
  throw new ConfigError(
    `role ${rights?.role} may not create tables and schemas in ${session.maskedUrl}`,
    {
      hint: `let it own the database: alter database "${rights?.database}" owner to "${rights?.role}"`,
    },
  );
}

export function notEmpty(session: Session, why: string): ConfigError {
  return new ConfigError(`${session.maskedUrl} is not empty: ${why}`, {
    hint: "give the URL of a database that does not exist yet",
  });
}
