// `forklift restore` names the dump and the database in its result, and neither by its secrets.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import { forkliftJson, openTestDatabase, runForklift } from "@forklift/testkit";
import { expect, test } from "vitest";

const DUMP = `SET client_encoding = 'UTF8';
CREATE TABLE public.words (word text);
COPY public.words (word) FROM stdin;
one
two
\\.

-- PostgreSQL database dump complete
`;

async function openDumpServer() {
  const server = createServer((_request, response) => response.end(DUMP));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

test("a dump behind a signed URL is restored, and no output holds what signs it", async () => {
  await using server = await openDumpServer();
  await using first = await openTestDatabase();
  await using second = await openTestDatabase();
  const dump = `http://me:s3cret@${server.host}/a.sql?sv=1&sig=s3cret`;
  const args = (db: string) => ["restore", "--dump", dump, "--db", db, "--log-level", "debug"];
  const shown = `http://***@${server.host}/a.sql?***`;

  expect(await forkliftJson(args(first.url))).toMatchObject({ ok: true, dump: shown, rows: 2 });
  const { stdout, stderr } = await runForklift(args(second.url));
  expect(stdout).toContain(`restored 2 rows of ${shown} into `);
  expect(stderr).toContain(shown);
  expect(stdout + stderr).not.toContain("s3cret");
});

test("a database that was made for a dump that is not there is taken back", async () => {
  await using beside = await openTestDatabase();
  const db = urlWithDatabase(beside.url, `${beside.name}_restored`);
  const { exit, stderr } = await runForklift(["restore", "--dump", "/nowhere/a.sql", "--db", db]);
  expect(exit, stderr).toBe(65);
  expect(await databaseExists(db)).toBe(false);
});
