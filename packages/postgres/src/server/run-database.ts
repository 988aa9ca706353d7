// Databases that outlive a run, for the next one that goes on with it. Their names say which run they are of,
// a comment whose runs those are: so that they are found when nothing else is left of them.

import { urlWithDatabase } from "../session/connection-url.ts";
import { quoteIdentifier, quoteLiteral } from "../session/identifiers.ts";
import { connect } from "../session/session.ts";
import { createDatabaseIfMissing, dropDatabase, MAINTENANCE_DATABASE } from "./database-admin.ts";

/** All databases of one run begin with its name. */
const PREFIX = "forklift_run_";

export interface RunDatabases {
  readonly serverUrl: string;
  /** Of the run: lower-case letters, digits and `-`; at most 32. */
  readonly id: string;
  /** The same for all runs of which one that ends well makes the others pointless. */
  readonly owner: string;
}

/** Makes it if it is missing; its URL. */
export async function openRunDatabase(
  { serverUrl, id, owner }: RunDatabases,
  purpose: string,
): Promise<string> {
  const name = `${prefixOf(id)}${purpose}`;
  const url = urlWithDatabase(serverUrl, name);
  await createDatabaseIfMissing(url);
  await using session = await connect(url, { applicationName: "forklift run" });
  await session.query(`comment on database ${quoteIdentifier(name)} is ${quoteLiteral(owner)}`);
  return url;
}

/** Drops those of the run. */
export async function dropRunDatabases({
  serverUrl,
  id,
}: Omit<RunDatabases, "owner">): Promise<void> {
  for (const { name } of await find(serverUrl)) {
    if (name.startsWith(prefixOf(id))) await dropDatabase(serverUrl, name);
  }
}

/** Drops those of other runs of the owner that nobody is connected to. */
export async function dropOtherRunDatabases({ serverUrl, id, owner }: RunDatabases): Promise<void> {
  for (const found of await find(serverUrl)) {
    if (found.owner !== owner || found.isInUse || found.name.startsWith(prefixOf(id))) continue;
    await dropDatabase(serverUrl, found.name);
  }
}

function prefixOf(id: string): string {
  return `${PREFIX}${id.replaceAll("-", "_")}_`;
}

async function find(serverUrl: string) {
  const maintenanceUrl = urlWithDatabase(serverUrl, MAINTENANCE_DATABASE);
  await using session = await connect(maintenanceUrl, { applicationName: "forklift run" });
  return await session.query<{ name: string; owner: string | null; isInUse: boolean }>(
    `select d.datname as name, shobj_description(d.oid, 'pg_database') as owner,
            exists (select from pg_stat_activity a where a.datid = d.oid) as "isInUse"
     from pg_database d
     where starts_with(d.datname, $1) and pg_has_role(d.datdba, 'usage') order by d.datname`,
    [PREFIX],
  );
}
