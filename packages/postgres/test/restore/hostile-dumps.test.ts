// Dumps that do more than they should, against a server with another database and other roles: nothing
// of it may change, and the rows are those of the dump without what was added, or none.
// @module-tag only-in-all

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import {
  foreignObjects,
  makeCanary,
  STATEMENT_KINDS,
  serverFingerprint,
  sharedPath,
} from "@forklift/testkit";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readDumpArchive } from "../../src/dump/dump-archive.ts";
import { type RestoreResult, restoreDump } from "../../src/restore/restore-dump.ts";
import { connectRestorer } from "../../src/restore/restorer.ts";
import { openScratch, type ScratchDatabase } from "../../src/server/scratch-database.ts";
import { type Server, startServer } from "../../src/server/server.ts";
import { connect, type Session } from "../../src/session/session.ts";
import { isMissingRealData } from "../shared-data.ts";

const CASES = sharedPath("cases");
const END = "--\n-- PostgreSQL database dump complete";

let server: Server;
let beside: ScratchDatabase;
let canary: Session;
beforeAll(async () => {
  server = await startServer({ binaries: "auto" });
  beside = await openScratch(server.url, "victim");
  canary = await makeCanary(server.url, beside.name);
  await canary.query("create role canary_role login");
});
afterAll(async () => {
  await canary.close();
  await beside[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

type Outcome = "refused" | Pick<RestoreResult, "tables" | "leftOut">;

interface Tried {
  readonly outcome: Outcome;
  readonly message: string;
}

/** As the role that a server of ours gives to a dump, or as the superuser that an operator may be. */
async function tryDump(sql: Buffer | string, as: "restorer" | "superuser"): Promise<Tried> {
  await using scratch = await openScratch(server.url, "hostile");
  await using session =
    as === "restorer"
      ? await connectRestorer(scratch.url)
      : await connect(scratch.url, { applicationName: "forklift test" });
  const before = await serverFingerprint(canary, [scratch.name]);
  const tried = await attempt(session, sql);
  expect(await serverFingerprint(canary, [scratch.name])).toBe(before);
  expect(await foreignObjects(session)).toEqual([]);
  if (tried.outcome === "refused") expect(await leftBehind(session)).toEqual([]);
  return tried;
}

/** By name, what schema public holds. */
async function leftBehind(session: Session): Promise<unknown[]> {
  return await session.query(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace
     union all select typname from pg_type where typnamespace = 'public'::regnamespace`,
  );
}

async function attempt(session: Session, sql: Buffer | string): Promise<Tried> {
  async function* once() {
    yield Buffer.from(sql);
  }
  try {
    const { tables, leftOut } = await restoreDump(session, readDumpArchive(once()));
    return { outcome: { tables, leftOut }, message: "" };
  } catch (error) {
    expect(error).toMatchObject({ name: "SourceDataError" });
    return { outcome: "refused", message: (error as Error).message };
  }
}

describe.skipIf(isMissingRealData)("a statement in a dump", () => {
  const plain = gunzipSync(
    readFileSync(path.join(CASES, "dumps/create-with-alter-database-set.sql.gz")),
  ).toString();
  const with_ = (statements: string) => {
    const at = plain.lastIndexOf(END);
    return `${plain.slice(0, at)}${statements}\n${plain.slice(at)}`;
  };
  const REFUSED = ["prog", "copyto", "commit", "altersys", "rb", "sleep", "bigsel", "view"];
  const LEFT_OUT = [
    ...[
      "role",
      "alterrole",
      "setrole",
      "sessauth",
      "ext",
      "tspc",
      "publication",
      "newset",
      "onerr",
    ],
    ...["dropschema", "trg", "rule", "evtrg", "rls", "path", "blob"],
  ];
  const statements = (name: string) =>
    readFileSync(path.join(CASES, `dump-statements/${name}.sql`), "utf8");

  test("of each case is tried here", () => {
    const files = readdirSync(path.join(CASES, "dump-statements"));
    expect(files.toSorted()).toEqual([...REFUSED, ...LEFT_OUT].map((name) => `${name}.sql`).sort());
  });

  test.each(REFUSED)("that no archive needs is refused: %s", async (name) => {
    for (const as of ["restorer", "superuser"] as const) {
      const { outcome, message } = await tryDump(with_(statements(name)), as);
      expect(outcome).toBe("refused");
      expect(message).toMatch(/^statement 15\d at byte 574\d\d may not run: /);
    }
  });

  test.each(LEFT_OUT)("that no row depends on is left out and listed: %s", async (name) => {
    const without = await tryDump(plain, "restorer");
    for (const as of ["restorer", "superuser"] as const) {
      const { outcome } = await tryDump(with_(statements(name)), as);
      expect(outcome).toMatchObject({ tables: (without.outcome as RestoreResult).tables });
      expect((outcome as RestoreResult).leftOut).not.toEqual(
        (without.outcome as RestoreResult).leftOut,
      );
    }
  });

  const examples = Object.values(STATEMENT_KINDS).flat();

  test("of any kind that is left out leaves the server as it was, all of them together", async () => {
    const all = examples.filter(([kind]) => kind === "left out").map(([, sql]) => sql);
    // Rows would have to follow a COPY, and a transaction would have to end.
    const alone = all.filter((sql) => !/^COPY|^BEGIN/.test(sql)).map((sql) => `${sql};`);
    const { tables } = (await tryDump(plain, "restorer")).outcome as RestoreResult;
    const { outcome, message } = await tryDump(with_(alone.join("\n")), "superuser");
    expect(outcome, message).toMatchObject({ tables });
  });

  test("of any kind that is refused leaves the server and the database as they were", async () => {
    const made = "CREATE TABLE public.t (a integer, b text); CREATE SEQUENCE public.s;";
    // Behind tables that the dump makes and before their rows.
    const at = plain.indexOf("COPY ");
    await using scratch = await openScratch(server.url, "hostile");
    await using session = await connect(scratch.url, { applicationName: "forklift test" });
    const before = await serverFingerprint(canary, [scratch.name]);
    for (const [kind, sql] of examples) {
      if (kind !== "refused") continue;
      const dump = `${plain.slice(0, at)}${made} CREATE TYPE public.e AS ENUM ('x');${sql};\n${END}`;
      const { message } = await attempt(session, dump);
      expect(message, sql).toMatch(/^statement \d+ at byte \d+ may not run: /);
      expect(await leftBehind(session), sql).toEqual([]);
    }
    expect(await serverFingerprint(canary, [scratch.name])).toBe(before);
  });
});
