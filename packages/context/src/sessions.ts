// Sessions as forklift opens them: a source can only be read, a target is locked.

import { requireSchema } from "@forklift/archive";
import {
  type ConnectOptions,
  connect,
  lockDatabase,
  requireDatabaseName,
  type Session,
} from "@forklift/postgres";

/** How a reader spares its server. */
export type ReaderLimits = Pick<ConnectOptions, "statementTimeout">;

/** A session that can only read: the server refuses every write on it. */
export async function openReader(url: string, limits: ReaderLimits = {}): Promise<Session> {
  return await connect(url, { applicationName: "forklift reader", readOnly: true, ...limits });
}

/**
 * A reader of the old archive.
 * @throws ConfigError when the database at the URL is no such archive.
 */
export async function openSource(url: string, limits?: ReaderLimits): Promise<Session> {
  const source = await openReader(url, limits);
  try {
    await requireSchema(source, { role: "source", era: "mainnet" });
    return source;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/**
 * A session that holds the lock of a run on its database.
 * @throws TryAgainError when another run holds it.
 */
export async function openTarget(url: string): Promise<Session> {
  requireDatabaseName(url);
  const session = await connect(url, { applicationName: "forklift target" });
  try {
    await lockDatabase(session);
    return session;
  } catch (error) {
    await session.close();
    throw error;
  }
}
