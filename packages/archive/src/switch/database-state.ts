// What a database is besides its rows: its number and name, its owner, who may connect, how often, and with
// which settings. All of it belongs to the server, none of it to a dump.

import type { Session } from "@forklift/postgres";
import { type Grant, grantsSql } from "./grants.ts";
import type { DatabaseSetting } from "./settings.ts";

export interface DatabaseState {
  /** Stays when the name changes. */
  readonly oid: string;
  readonly name: string;
  readonly owner: string;
  readonly grants: readonly Grant[];
  /** Of sessions; -1 for none. */
  readonly connectionLimit: number;
  readonly settings: readonly DatabaseSetting[];
  /** By which a script sees that what was read still holds: the answer of `FINGERPRINT_SQL`. */
  readonly fingerprint: string;
}

/**
 * Of the row `d` of pg_database. Neither the name nor whether it lets sessions in: a script changes those. The order
 * of grants and settings is nothing, nor is a list of grants that was never changed other than the same in writing.
 */
export const FINGERPRINT_SQL = `md5(concat_ws('|', d.datdba, d.datconnlimit,
  (select string_agg(a::text, '|' order by a::text)
   from unnest(coalesce(d.datacl, acldefault('d', d.datdba))) a),
  (select string_agg(s.setrole || ' ' || one, '|' order by s.setrole, one)
   from pg_db_role_setting s, unnest(s.setconfig) one where s.setdatabase = d.oid)))`;

/** Of the database that the session is on; any role may read it. */
export async function readDatabaseState(session: Session): Promise<DatabaseState> {
  const [row] = await session.query<DatabaseState>(
    `select d.oid::text as oid, d.datname::text as name, pg_get_userbyid(d.datdba)::text as owner,
            ${grantsSql("d.datacl", "acldefault('d', d.datdba)")} as grants,
            d.datconnlimit as "connectionLimit", ${FINGERPRINT_SQL} as fingerprint,
            (select coalesce(json_agg(json_build_object(
                      'role', case when s.setrole <> 0 then pg_get_userbyid(s.setrole) end,
                      'name', split_part(one.text, '=', 1),
                      'value', substr(one.text, strpos(one.text, '=') + 1))
                    order by s.setrole, one.at), '[]')
             from pg_db_role_setting s, unnest(s.setconfig) with ordinality as one (text, at)
             where s.setdatabase = d.oid) as settings
     from pg_database d where d.datname = current_database()`,
  );
  return row!;
}

/** Names of databases that are taken on the session's server. */
export async function readDatabaseNames(session: Session): Promise<ReadonlySet<string>> {
  const rows = await session.query<{ name: string }>(
    "select datname::text as name from pg_database",
  );
  return new Set(rows.map(({ name }) => name));
}

/**
 * Whether two sessions are on one server that can be written. A standby has the number of its primary, and a
 * name that is changed on it would be changed on the primary: it counts as another server.
 */
export async function areOnOneServer(left: Session, right: Session): Promise<boolean> {
  const [one, other] = [await serverOf(left), await serverOf(right)];
  return one !== null && one === other;
}

async function serverOf(session: Session): Promise<string | null> {
  const [row] = await session.query<{ server: string; isStandby: boolean }>(
    `select (select system_identifier from pg_control_system()) || ' ' ||
              extract(epoch from pg_postmaster_start_time()) as server,
            pg_is_in_recovery() as "isStandby"`,
  );
  return row!.isStandby ? null : row!.server;
}
