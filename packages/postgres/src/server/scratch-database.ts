// Databases that live as long as a run. Each is marked by an advisory lock which its run holds, and
// which the server releases when the run is gone, so that a later run knows what to drop.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { urlWithDatabase } from "../session/connection-url.ts";
import { connect, type Session } from "../session/session.ts";
import { createDatabase, dropDatabase, MAINTENANCE_DATABASE } from "./database-admin.ts";

const PREFIX = "forklift_scratch_";

/** First half of the two-part lock key ("scra" in ASCII); the second is a hash of the name. */
const LOCK_CLASS = 0x73637261;

/** PostgreSQL truncates names at 63 bytes; prefix, purpose and random part stay below. */
const PURPOSE = /^[a-z][a-z0-9_]{0,23}$/;
const RANDOM_BYTES = 6;

export interface ScratchDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

/** Makes an empty database that is dropped on dispose, or by a later sweep if we die before. */
export async function openScratch(serverUrl: string, purpose: string): Promise<ScratchDatabase> {
  assert(PURPOSE.test(purpose), `no purpose for a scratch database: ${purpose}`);
  const name = `${PREFIX}${purpose}_${randomBytes(RANDOM_BYTES).toString("hex")}`;
  const maintenanceUrl = urlWithDatabase(serverUrl, MAINTENANCE_DATABASE);
  const keeper = await connect(maintenanceUrl, { applicationName: `forklift keeper of ${name}` });
  try {
    // Before the database is there, or a sweep could drop it in between.
    await tryLock(keeper, name);
    await createDatabase(maintenanceUrl, name);
  } catch (error) {
    await keeper.close();
    throw error;
  }
  return {
    url: urlWithDatabase(serverUrl, name),
    name,
    async [Symbol.asyncDispose]() {
      try {
        await dropDatabase(maintenanceUrl, name);
      } finally {
        await keeper.close();
      }
    },
  };
}

/**
 * Drops the scratch databases of runs that are gone and returns their names. Those of roles that we
 * are no member of are left to them: the server would refuse, and the run would never begin.
 */
export async function sweepScratch(serverUrl: string): Promise<string[]> {
  const maintenanceUrl = urlWithDatabase(serverUrl, MAINTENANCE_DATABASE);
  await using session = await connect(maintenanceUrl, { applicationName: "forklift sweep" });
  const found = await session.query<{ name: string }>(
    `select datname as name from pg_database
     where starts_with(datname, $1) and pg_has_role(datdba, 'usage') order by datname`,
    [PREFIX],
  );
  const dropped: string[] = [];
  for (const { name } of found) {
    if (!(await tryLock(session, name))) continue;
    try {
      await dropDatabase(maintenanceUrl, name);
    } finally {
      await session.query("select pg_advisory_unlock($1, hashtext($2))", [LOCK_CLASS, name]);
    }
    dropped.push(name);
  }
  return dropped;
}

async function tryLock(session: Session, name: string): Promise<boolean> {
  const [answer] = await session.query<{ taken: boolean }>(
    "select pg_try_advisory_lock($1, hashtext($2)) as taken",
    [LOCK_CLASS, name],
  );
  return answer?.taken === true;
}
