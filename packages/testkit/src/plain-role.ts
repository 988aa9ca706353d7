// A role without any right but those that a test grants it.

import { randomBytes } from "node:crypto";
import { connect, type Session } from "@forklift/postgres";
import type { TestDatabase } from "./test-database.ts";

export interface PlainRole extends AsyncDisposable {
  readonly name: string;
  /** Of the database, as this role. */
  readonly url: string;
}

/** @param grants statements on the database; `ROLE` stands for the role's name. */
export async function openPlainRole(
  database: TestDatabase,
  grants: readonly string[],
): Promise<PlainRole> {
  const name = `plain_${randomBytes(6).toString("hex")}`;
  const asOwner = async (work: (owner: Session) => Promise<unknown>) => {
    await using owner = await connect(database.url, { applicationName: "forklift test" });
    await work(owner);
  };
  await asOwner(async (owner) => {
    await owner.query(`create role ${name} login`);
    for (const grant of grants) await owner.query(grant.replaceAll("ROLE", name));
  });
  return {
    name,
    url: database.url.replace(/\/\/[^@]*@/, `//${name}@`),
    [Symbol.asyncDispose]: () =>
      asOwner(async (owner) => {
        // The database, if a test gave it to the role; then whatever rights it has.
        await owner.query(`reassign owned by ${name} to current_user`);
        await owner.query(`drop owned by ${name}`);
        await owner.query(`drop role ${name}`);
      }),
  };
}
