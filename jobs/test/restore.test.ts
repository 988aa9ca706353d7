// `forklift restore` names the dump and the database in its result, and neither by its secrets.

import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { databaseExists, urlWithDatabase } from "@forklift/postgres";
import { forkliftJson, openTestDatabase, runForklift } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";

/** The sample network's smallest archive, as a dump that lies on a server. */
const home = await mkdtemp(path.join(tmpdir(), "forklift-restore-"));
let dumpBytes: Buffer;
beforeAll(async () => {
  await forkliftJson(["sample", "--out", home, "--blocks", "12", "--days", "1", "--finality", "3"]);
  const [name] = await readdir(path.join(home, "dumps"));
  dumpBytes = await readFile(path.join(home, "dumps", name!));
});
afterAll(() => rm(home, { recursive: true }));

async function openDumpServer() {
  const server = createServer((_request, response) => response.end(dumpBytes));
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

interface Restored {
  readonly rows: number;
  readonly tables: readonly { readonly name: string; readonly rows: number }[];
  readonly leftOut: readonly { readonly kind: string; readonly count: number }[];
}

test("a dump behind a signed URL is restored, and no output holds what signs it", async () => {
  await using server = await openDumpServer();
  await using first = await openTestDatabase();
  await using second = await openTestDatabase();
  const dump = `http://me:s3cret@${server.host}/a.sql?sv=1&sig=s3cret`;
  const args = (db: string) => ["restore", "--dump", dump, "--db", db, "--log-level", "debug"];
  const shown = `http://***@${server.host}/a.sql?***`;

  const restored = await forkliftJson<Restored>(args(first.url));
  expect(restored).toMatchObject({ ok: true, dump: shown });
  expect(restored.tables.find(({ name }) => name === "blocks")?.rows).toBe(12);
  const { stdout, stderr } = await runForklift(args(second.url));
  expect(stdout).toContain(`restored 10 tables with ${restored.rows} rows of ${shown} into `);
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
