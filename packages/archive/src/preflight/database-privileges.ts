// The privileges of a session's role, queried before anything is done: `permission denied` in the
// middle of a migration names one table, and only the first.

import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";

/** Tables of the old schema that neither the migration nor the verification reads. */
export const UNREAD_TABLES: ReadonlySet<string> = new Set(["balances", "timing_info"]);

/**
 * SELECT on these is all that a source needs.
 * @throws ConfigError naming the role and every table that it may not read.
 */
export async function requireReadable(source: Session): Promise<void> {
  const { manifest } = await readSchema("mainnet");
  const tables = Object.keys(manifest.tables).filter((table) => !UNREAD_TABLES.has(table));
  const denied = await source.query<{ name: string; role: string }>(
    `select name, current_user as role from unnest($1::text[]) as name
     where not has_schema_privilege('public', 'usage')
        or not has_table_privilege('public.' || quote_ident(name), 'select')
     order by name`,
    [tables],
  );
  const [first] = denied;
  if (first === undefined) return;
  const names = denied.map(({ name }) => name).join(", ");
  throw new ConfigError(
    `role ${first.role} may not read ${names} of the source ${source.maskedUrl}, expected SELECT`,
    {
      hint: `grant usage on schema public to ${first.role}; grant select on ${names} to ${first.role}`,
    },
  );
}

/**
 * Whether the session could write; it does not try. A migration adds rows to the archive, and changes those
 * of schema forklift.
 * @throws ConfigError when the server is a standby, or the role may not create what is missing, or not write
 * what is there.
 */
export async function requireWritable(
  target: Session,
  { isEmpty }: { readonly isEmpty: boolean },
): Promise<void> {
  const [row] = await target.query<{
    role: string;
    standby: boolean;
    schema: boolean;
    tables: boolean;
    denied: string[] | null;
  }>(
    `select current_user as role, pg_is_in_recovery() as standby,
            has_database_privilege(current_database(), 'create')
              or to_regnamespace('forklift') is not null as schema,
            has_schema_privilege('public', 'create') as tables,
            (select json_agg(c.relname order by c.relname) from pg_class c
             where c.relnamespace in (to_regnamespace('public'), to_regnamespace('forklift'))
               and case c.relkind
                     when 'r' then not (has_table_privilege(c.oid, 'select')
                                        and has_table_privilege(c.oid, 'insert')
                                        and (c.relnamespace = 'public'::regnamespace
                                             or has_table_privilege(c.oid, 'update')
                                             and has_table_privilege(c.oid, 'delete')))
                     when 'S' then not has_sequence_privilege(c.oid, 'update') end) as denied`,
  );
  const { role, standby, schema, tables, denied } = row!;
  const refuse = (what: string, hint: string) => {
    throw new ConfigError(`the target ${target.maskedUrl} ${what}`, { hint });
  };
  if (standby) refuse("is a standby, which nobody can write", "give the URL of its primary");
  if (!schema) {
    refuse(
      `has no schema forklift, and role ${role} may not create it`,
      `grant create on the database to ${role}, or give the role that owns it`,
    );
  }
  if (isEmpty && !tables) {
    refuse(
      `is empty, and role ${role} may not create tables in its schema public`,
      `grant create on schema public to ${role}, or give the role that owns the database`,
    );
  }
  if (denied !== null) {
    refuse(
      `does not let role ${role} write ${named(denied)}`,
      "give the role that owns the tables and sequences, or grant all on all tables, and on all sequences, " +
        `in schemas public and forklift to ${role}`,
    );
  }
}

/** Tables and sequences named in a sentence. */
const NAMED_MAX = 5;

function named(names: readonly string[]): string {
  const more = names.length > NAMED_MAX ? ` and ${names.length - NAMED_MAX} more` : "";
  return names.slice(0, NAMED_MAX).join(", ") + more;
}

/** @throws ConfigError when the role could not make the target, which does not exist yet. */
export async function requireDatabaseCreatable(server: Session, targetUrl: string): Promise<void> {
  const [row] = await server.query<{ role: string; creatable: boolean }>(
    `select current_user as role, rolcreatedb or rolsuper as creatable
     from pg_roles where rolname = current_user`,
  );
  if (row?.creatable === true) return;
  throw new ConfigError(
    `the target ${targetUrl} does not exist, and role ${row?.role ?? "unknown"} may not create it`,
    { hint: "create the database, or give a role that has CREATEDB" },
  );
}
