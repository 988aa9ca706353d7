import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { openStore } from "@forklift/storage";
import { CLOSED_PORT, openTestDatabase, openTestSession } from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { restoreObject } from "../src/stages/restore-object.ts";

/** What is being sent. */
const open = new Set<ServerResponse>();

/** Sends a dump that never ends. */
const server = createServer((_request, response) => {
  open.add(response.on("close", () => open.delete(response)));
  response.writeHead(200).write(Buffer.alloc(1024 * 1024, "-"));
});

beforeAll(() => once(server.listen(0, "127.0.0.1"), "listening"));
afterAll(() => server.closeAllConnections());

const restoreInto = (databaseUrl: string) => {
  const store = openStore(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const watch = { signal: new AbortController().signal, progress: () => undefined };
  return restoreObject(databaseUrl, { store, name: "dump.sql" }, watch);
};

test("a database that is away or not empty leaves no dump open", async () => {
  await expect(restoreInto(CLOSED_PORT)).rejects.toMatchObject({ exit: "tryAgain" });
  await using database = await openTestDatabase();
  await using session = await openTestSession(database);
  await session.query("create table mine (a int)");
  await expect(restoreInto(database.url)).rejects.toMatchObject({ exit: "config" });
  await expect.poll(() => open.size).toBe(0);
});
