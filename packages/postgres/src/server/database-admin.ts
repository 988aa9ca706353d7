// Databases as a whole: is one there, make it, drop it.

import { ConfigError } from "@forklift/pipeline";
import { maskUrl, splitUrl, urlWithDatabase } from "../session/connection-url.ts";
import { quoteIdentifier } from "../session/identifiers.ts";
import { connect } from "../session/session.ts";
import { sqlStateOf } from "../session/sqlstate.ts";

const APPLICATION_NAME = "forklift admin";

/** Every cluster has it from initdb on, and nothing of ours is ever written into it. */
export const MAINTENANCE_DATABASE = "postgres";

const NO_SUCH_DATABASE = "3D000";
const DUPLICATE_DATABASE = "42P04";

/**
 * Makes an empty database. Text sorts by bytes in it, so that an order means the same everywhere,
 * whatever locale the server was set up with.
 * @param serverUrl names any database of the server.
 */
export async function createDatabase(serverUrl: string, name: string): Promise<void> {
  await using session = await connect(serverUrl, { applicationName: APPLICATION_NAME });
  await session.query(
    `create database ${quoteIdentifier(name)}
     template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'`,
  );
}

/** Drops the database, sessions on it included. Nothing happens if it is not there. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  await using session = await connect(serverUrl, { applicationName: APPLICATION_NAME });
  await session.query(`drop database if exists ${quoteIdentifier(name)} with (force)`);
}

/** Drops the database that the URL names, likewise. */
export async function dropDatabaseAt(url: string): Promise<void> {
  await dropDatabase(urlWithDatabase(url, MAINTENANCE_DATABASE), splitUrl(url).database);
}

/** @throws TryAgainError, ConfigError when the server cannot be queried. */
export async function databaseExists(url: string): Promise<boolean> {
  try {
    await using _session = await connect(url, { applicationName: APPLICATION_NAME });
    return true;
  } catch (error) {
    if (sqlStateOf(error) === NO_SUCH_DATABASE) return false;
    throw error;
  }
}

/**
 * For a database that is written: without a name the driver takes the user's, often the server's own.
 * @throws ConfigError
 */
export function requireDatabaseName(url: string): void {
  if (splitUrl(url).database !== "") return;
  throw new ConfigError(`${maskUrl(url)} names no database`, {
    hint: "add its name at the end of the path, as in postgres://user@host:5432/database",
  });
}

/** Makes the database that the URL names; true if it was not there. */
export async function createDatabaseIfMissing(url: string): Promise<boolean> {
  requireDatabaseName(url);
  if (await databaseExists(url)) return false;
  try {
    await createDatabase(urlWithDatabase(url, MAINTENANCE_DATABASE), splitUrl(url).database);
    return true;
  } catch (error) {
    // Another process was quicker.
    if (sqlStateOf(error) === DUPLICATE_DATABASE) return false;
    throw error;
  }
}
