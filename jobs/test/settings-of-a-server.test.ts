// A source and a target whose databases have every setting of a session at another value than the
// default: audit, migrate, replay, verify and the dump come to the same end.
// @module-tag only-in-all

import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { connect, readDumpArchive, restoreDump, writeDump } from "@forklift/postgres";
import { readSchema } from "@forklift/schemas";
import {
  alterStatements,
  digestsOf,
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  otherSettings,
  sampleNetwork,
  type TestDatabase,
} from "@forklift/testkit";
import { afterAll, beforeAll, expect, test } from "vitest";
import { forklift } from "../src/commands/index.ts";

const { runJson } = inProcess(forklift);

const SIZES = { blocks: 25, days: 1, seed: 3, finality: 5, accounts: 30, commandsPerBlock: 3 };

let home: string;

beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), "forklift-settings-"));
});
afterAll(() => rm(home, { recursive: true, force: true }));

async function alter(database: TestDatabase): Promise<void> {
  await using session = await openTestSession(database);
  const settings = await otherSettings(session);
  await session.query(alterStatements(`database ${database.name}`, settings));
}

/** What the commands print, without what differs from run to run, and what they leave. */
async function lift(source: TestDatabase, target: TestDatabase): Promise<unknown> {
  const { folder } = await sampleNetwork(SIZES);
  const places = [
    ...["--target-db", target.url, "--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
  ];
  const blocks = ["--blocks", path.join(folder, "blocks")];
  const from = ["--source-db", source.url];
  const audit = await runJson([
    ...["audit", ...from, "--network", path.join(folder, "network.yaml")],
  ]);
  await runJson(["migrate", ...places, ...from, ...blocks]);
  const checkpoints = await mkdtemp(path.join(home, "checkpoints-"));
  await runJson(["replay", ...places, "--checkpoints", checkpoints]);
  const { ok } = await runJson<{ ok: boolean }>(["verify", ...places, ...from, ...blocks]);
  return { audit, ok, digests: await digestsOf(target), dumped: await dumpedFrom(target) };
}

/** By pg_dump, whose sessions are its own, and by our own writer. */
async function dumpedFrom(target: TestDatabase): Promise<unknown> {
  const { tables, constraints } = await readSchema("berkeley");
  const digests: unknown[] = [];
  for (const writer of ["pg_dump", "own"] as const) {
    const out = path.join(home, `${target.name}-${writer}.sql`);
    await writeDump({ url: target.url, ddl: { tables, constraints }, out, writer });
    await using copy = await openTestDatabase();
    await using session = await connect(copy.url, { applicationName: "settings test" });
    await restoreDump(session, readDumpArchive(createReadStream(out)));
    digests.push(await digestsOf(copy));
  }
  return digests;
}

test("a lift comes to the same end whatever settings its databases have", async () => {
  await using source = await openSampleSource(SIZES);
  await using target = await openTestDatabase();
  const expected = await lift(source, target);
  await using changedSource = await openSampleSource(SIZES);
  await using changedTarget = await openTestDatabase();
  await alter(changedSource);
  await alter(changedTarget);
  expect(await lift(changedSource, changedTarget)).toEqual(expected);
});
