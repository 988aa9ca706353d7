// The session that a dump is restored through. On a server of our own it is that of a role which owns
// the one database and may do nothing else; on another server it is the operator's.

import { THROWAWAY_CLUSTER } from "../server/server.ts";
import { joinUrl, splitUrl } from "../session/connection-url.ts";
import { quoteIdentifier } from "../session/identifiers.ts";
import { connect, type Session } from "../session/session.ts";

const APPLICATION_NAME = "forklift restore";

/** @throws TryAgainError, ConfigError as `connect` does. */
export async function connectRestorer(databaseUrl: string): Promise<Session> {
  const session = await connect(databaseUrl, { applicationName: APPLICATION_NAME });
  let role: string | null;
  try {
    role = await roleOnOwnServer(session);
  } catch (error) {
    await session.close();
    throw error;
  }
  if (role === null) return session;
  await session.close();
  return await connect(urlOf(databaseUrl, role), { applicationName: APPLICATION_NAME });
}

/** Makes the role, once for each database; null on a server that is not ours. */
async function roleOnOwnServer(session: Session): Promise<string | null> {
  const [own] = await session.query<{ role: string; database: string; present: boolean }>(
    `select 'forklift_restorer_' || d.oid as role, d.datname as database,
            exists (select from pg_roles r where r.rolname = 'forklift_restorer_' || d.oid) as present
     from pg_database d
     where d.datname = current_database()
       and current_setting('cluster_name') = $1
       and (select rolsuper from pg_roles where rolname = current_user)`,
    [THROWAWAY_CLUSTER],
  );
  if (own === undefined) return null;
  const role = quoteIdentifier(own.role);
  await session.transaction(async () => {
    if (!own.present) {
      await session.query(
        `create role ${role} login nosuperuser nocreatedb nocreaterole noinherit noreplication
         nobypassrls`,
      );
    }
    await session.query(`alter database ${quoteIdentifier(own.database)} owner to ${role}`);
    // Before PostgreSQL 15 the schema is the superuser's, whoever owns the database.
    await session.query(`grant usage, create on schema public to ${role}`);
  });
  return own.role;
}

/** The own server is on a socket and asks for no password. */
function urlOf(databaseUrl: string, role: string): string {
  const parts = splitUrl(databaseUrl);
  return joinUrl({ ...parts, server: parts.server.replace(/\/\/.*$/, `//${role}@`) });
}
