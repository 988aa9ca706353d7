// A database that a command creates where there is none, and drops at its end if it is still empty:
// a refused command leaves everything as it was.

import { identifySchema } from "@forklift/archive";
import { createDatabaseIfMissing, dropDatabaseAt } from "@forklift/postgres";
import { openReader } from "./sessions.ts";

/** To be disposed of after the last session on the database. One that was there before stays. */
export async function temporaryDatabase(url: string): Promise<AsyncDisposable> {
  const isMade = await createDatabaseIfMissing(url);
  return {
    async [Symbol.asyncDispose]() {
      if (isMade && (await isEmpty(url))) await dropDatabaseAt(url);
    },
  };
}

async function isEmpty(url: string): Promise<boolean> {
  await using reader = await openReader(url);
  return (await identifySchema(reader)).kind === "empty";
}
