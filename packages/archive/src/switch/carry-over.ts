// The statements that give a database what another one is besides its rows: owner, grants, limit and settings.

import { quoteIdentifier } from "@forklift/postgres";
import type { DatabaseState } from "./database-state.ts";
import { grantStatements } from "./grants.ts";
import { settingStatements } from "./settings.ts";

/**
 * What the database has of its own is taken away first, whoever has given it.
 * @param name of the database that is changed, as it is then.
 */
export function carryOver(
  { oid, name }: Pick<DatabaseState, "oid" | "name">,
  { owner, grants, connectionLimit, settings }: DatabaseState,
): string[] {
  const database = quoteIdentifier(name);
  return [
    `alter database ${database} owner to ${quoteIdentifier(owner)};`,
    nothingOfItsOwn(oid),
    ...grantStatements(`database ${database}`, grants),
    `alter database ${database} connection limit ${connectionLimit};`,
    ...settingStatements(database, settings),
  ];
}

/** The number is PostgreSQL's, so that no name stands in the text. */
function nothingOfItsOwn(oid: string): string {
  return `do $do$
declare
  one record;
begin
  for one in
    select distinct d.datname, a.grantee
    from pg_catalog.pg_database d, pg_catalog.aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a
    where d.oid = ${oid}
  loop
    execute format('revoke all on database %I from %s cascade', one.datname,
      case one.grantee when 0 then 'public' else quote_ident(pg_catalog.pg_get_userbyid(one.grantee)) end);
  end loop;
  for one in
    select d.datname, s.setrole
    from pg_catalog.pg_db_role_setting s join pg_catalog.pg_database d on d.oid = s.setdatabase
    where d.oid = ${oid}
  loop
    if one.setrole = 0 then
      execute format('alter database %I reset all', one.datname);
    else
      execute format('alter role %I in database %I reset all',
        pg_catalog.pg_get_userbyid(one.setrole), one.datname);
    end if;
  end loop;
end
$do$;`;
}
