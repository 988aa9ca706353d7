// Databases for one test each, dropped when the test is over.

import { randomBytes } from "node:crypto";
import {
  connect,
  createDatabase,
  dropDatabase,
  quoteIdentifier,
  type Session,
  urlWithDatabase,
} from "@forklift/postgres";
import { serverUrl } from "./shared-server.ts";

/** A database that nobody is connected to, by its name on the run's server. */
export interface TestTemplate {
  readonly name: string;
}

export interface TestDatabase extends TestTemplate, AsyncDisposable {
  readonly url: string;
}

const APPLICATION_NAME = "forklift test";

/** `npm run test:times` counts and sums what is measured by such names. */
const MADE = "forklift-test databases made";
const DROPPED = "forklift-test databases dropped";

/** Empty, or a copy of another test database that nobody is connected to. */
export async function openTestDatabase(template?: TestTemplate): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString("hex")}`;
  const start = performance.now();
  if (template === undefined) await createDatabase(server, name);
  else {
    await using session = await connect(server, { applicationName: APPLICATION_NAME });
    await session.query(
      `create database ${quoteIdentifier(name)} template ${quoteIdentifier(template.name)}`,
    );
  }
  performance.measure(MADE, { start });
  return {
    url: urlWithDatabase(server, name),
    name,
    async [Symbol.asyncDispose]() {
      const disposed = performance.now();
      await dropDatabase(server, name);
      performance.measure(DROPPED, { start: disposed });
    },
  };
}

/** One that stays until the run is over, for others to be copied from. */
export async function keepTestDatabase(): Promise<Pick<TestDatabase, "name" | "url">> {
  const { name, url } = await openTestDatabase();
  return { name, url };
}

/** A session that ends with the scope of its caller. */
export async function openTestSession({ url }: Pick<TestDatabase, "url">): Promise<Session> {
  return await connect(url, { applicationName: APPLICATION_NAME });
}
