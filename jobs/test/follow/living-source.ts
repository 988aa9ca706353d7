// A source that a test lets live: the sample's last night, of which as much is canonical as the test says, with
// whatever stands beside it still pending.

import path from "node:path";
import type { SampleOptions } from "@forklift/sample";
import {
  changeDatabase,
  inProcess,
  openSampleSource,
  openTestDatabase,
  openTestSession,
  type SampleNetwork,
  sampleNetwork,
  type TestDatabase,
} from "@forklift/testkit";
import { digestTables } from "@forklift/verifier";
import { forklift } from "../../src/commands/index.ts";

const { runJson } = inProcess(forklift);

const SIZES: SampleOptions = {
  ...{ blocks: 40, days: 1, seed: 7, finality: 4, accounts: 30, commandsPerBlock: 2 },
};

export async function livingNetwork(): Promise<SampleNetwork> {
  return await sampleNetwork(SIZES);
}

export interface LivingSource extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly network: SampleNetwork;
  /** The highest block that can become canonical. */
  readonly end: number;
  /** Makes blocks up to a height canonical, those beside them orphaned, and all above pending. */
  live(height: number): Promise<void>;
}

/** @param given where the sample's dump is restored already; default: on the run's server. */
export async function openLivingSource(given?: TestDatabase): Promise<LivingSource> {
  const network = await livingNetwork();
  const database = given ?? (await openSampleSource(SIZES));
  await changeDatabase(
    database,
    "create schema fate; create table fate.blocks as select id, chain_status as status from blocks",
  );
  const [row] = await rowsOf<{ end: number }>(
    database,
    "select max(height)::int as end from blocks where chain_status = 'canonical'",
  );
  const live = (height: number) =>
    changeDatabase(
      database,
      `update blocks b set chain_status =
         case when b.height <= $1 then fate.status else 'pending' end
       from fate.blocks fate where fate.id = b.id`,
      [height],
    );
  return {
    ...{ database, network, end: row!.end, live },
    [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
  };
}

/** Of a database that others work on meanwhile. */
export async function changeInDatabase(
  database: Pick<TestDatabase, "url">,
  sql: string,
): Promise<void> {
  await rowsOf(database, sql);
}

/** Up to which a target says that it was verified; 0 before. */
export async function provenHeightOf(target: Pick<TestDatabase, "url">): Promise<number> {
  const marks = await rowsOf<{ height: string }>(
    target,
    "select cursor ->> 'height' as height from forklift.progress_mark where stage = 'verify-target'",
  ).catch(() => []);
  return Number(marks[0]?.height ?? 0);
}

async function rowsOf<Row extends object>(
  database: Pick<TestDatabase, "url">,
  sql: string,
): Promise<Row[]> {
  await using session = await openTestSession({ url: database.url });
  return await session.query<Row>(sql);
}

interface SourceOfNetwork {
  readonly database: Pick<TestDatabase, "url">;
  readonly network: Pick<SampleNetwork, "folder">;
}

/** The options of `migrate` that name the network of the source. */
export function migrateOptions({ folder }: Pick<SampleNetwork, "folder">): string[] {
  return [
    ...["--network", path.join(folder, "network.yaml")],
    ...["--genesis-ledger", path.join(folder, "genesis-ledger.json")],
    ...["--blocks", path.join(folder, "blocks")],
  ];
}

export async function digestsOf(
  database: Pick<TestDatabase, "url">,
): Promise<Readonly<Record<string, string>>> {
  await using session = await openTestSession({ url: database.url });
  return await digestTables(session);
}

/**
 * Of what a migration and a replay make of the source as it stands.
 * @param home for checkpoints.
 */
export async function digestsAtOnce(
  { database, network }: SourceOfNetwork,
  home: string,
): Promise<Readonly<Record<string, string>>> {
  await using atOnce = await openTestDatabase();
  const databases = ["--source-db", database.url, "--target-db", atOnce.url];
  await runJson(["migrate", ...migrateOptions(network), ...databases]);
  await runJson([
    ...["replay", "--target-db", atOnce.url, "--checkpoints", path.join(home, "at-once")],
    ...["--network", path.join(network.folder, "network.yaml")],
  ]);
  return await digestsOf(atOnce);
}
