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

export interface TestDatabase extends AsyncDisposable {
  readonly url: string;
  readonly name: string;
}

const APPLICATION_NAME = "forklift test";

/** Empty, or a copy of another test database that nobody is connected to. */
export async function openTestDatabase(template?: TestDatabase): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString("hex")}`;
  if (template === undefined) await createDatabase(server, name);
  else {
    await using session = await connect(server, { applicationName: APPLICATION_NAME });
    await session.query(
      `create database ${quoteIdentifier(name)} template ${quoteIdentifier(template.name)}`,
    );
  }
  return {
    url: urlWithDatabase(server, name),
    name,
    [Symbol.asyncDispose]: () => dropDatabase(server, name),
  };
}

/** A session that ends with the scope of its caller. */
export async function openTestSession({ url }: TestDatabase): Promise<Session> {
  return await connect(url, { applicationName: APPLICATION_NAME });
}
