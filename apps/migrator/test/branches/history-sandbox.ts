// Histories of a source that grows, with its forks: migrations of it in several nights, and what they leave.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import type { StageReport } from "@forklift/pipeline";
import { connect } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import { SAMPLE_DEFAULTS } from "@forklift/sample";
import {
  digestsOf,
  type GrowingSource,
  openGrowingSource,
  openTestDatabase,
  openTestSession,
  type TestDatabase,
} from "@forklift/testkit";
import type { ArchiveContext } from "../../src/context.ts";
import { OWN_FORM } from "../../src/form/output-form.ts";
import { migrationOf } from "../../src/pipeline.ts";
import { runUnwatched } from "../migration-sandbox.ts";

const FINALITY = 4;

/** Rivals as long as may be at every sixth height, and one of two blocks at every fourth. */
function forkLength(height: number): number {
  if (height % 6 === 0) return FINALITY;
  return height % 4 === 0 ? 2 : 0;
}

export async function openForkingSource(): Promise<GrowingSource> {
  const options = { blocks: 60, days: 1, accounts: 30, commandsPerBlock: 2, finality: FINALITY };
  return await openGrowingSource({ ...SAMPLE_DEFAULTS, ...options, forkLength });
}

export interface Asked
  extends Partial<Pick<ArchiveContext, "history" | "requireOrphans" | "stop">> {
  /** In place of the source's own. */
  readonly blocks?: string | undefined;
  readonly warn?: (message: string) => void;
}

/** A database that is to be written, or one that stands for the source. */
type Database = Pick<TestDatabase, "url">;

/** Runs the whole migration of a history, as one night. */
export async function migrateNight(
  source: Pick<GrowingSource, "url" | "folder" | "blocks">,
  target: Database,
  asked: Asked,
): Promise<readonly StageReport[]> {
  return await withContext(source, target, asked, async (context) =>
    runUnwatched(migrationOf(context.history), context),
  );
}

async function withContext<Result>(
  source: Pick<GrowingSource, "url" | "folder" | "blocks">,
  target: Database,
  { blocks, warn = () => undefined, ...asked }: Asked,
  work: (context: ArchiveContext) => Promise<Result>,
): Promise<Result> {
  const network = await loadNetwork(path.join(source.folder, "network.yaml"));
  const ledger = pathToFileURL(path.join(source.folder, "genesis-ledger.json")).href;
  const scratchDirectory = await mkdtemp(path.join(tmpdir(), "forklift-history-"));
  await using sources = await openBlockSources({
    urls: [`${pathToFileURL(blocks ?? source.blocks).href}/`],
    network: network.name,
    scratchDirectory,
    threads: 0,
  });
  await using from = await connect(source.url, { applicationName: "test", readOnly: true });
  await using to = await openTestSession(target);
  try {
    return await work({
      ...{ source: from, target: to, network, blocks: sources, form: OWN_FORM, warn },
      genesisLedger: await loadGenesisLedger(network, ledger),
      stop: { forkStateHash: null, stopAtHeight: null },
      now: () => performance.now(),
      ...asked,
    });
  } finally {
    await rm(scratchDirectory, { recursive: true, force: true });
  }
}

/** A copy of the source that a test may spoil. */
export async function copyOf(source: GrowingSource): Promise<TestDatabase & GrowingSource> {
  const name = new URL(
    source.url.replace(/^postgres(ql)?:\/\/[^/]*/, "http://server"),
  ).pathname.slice(1);
  const copy = await openTestDatabase({ name });
  return { ...copy, folder: source.folder, blocks: source.blocks } as TestDatabase & GrowingSource;
}

/** The tables that a copy fills, without serial ids. */
const COPIED = [
  "blocks",
  "user_commands",
  "blocks_user_commands",
  "internal_commands",
  "blocks_internal_commands",
  "public_keys",
  "epoch_data",
  "snarked_ledger_hashes",
] as const;

export async function copiedRows(target: Database): Promise<Record<string, string>> {
  const digests = await digestsOf(target);
  return Object.fromEntries(COPIED.map((table) => [table, digests[table]!]));
}

/** Number of blocks of each chain status. */
export async function statusCounts(target: Database): Promise<Record<string, number>> {
  await using session = await openTestSession(target);
  const rows = await session.query<{ status: string; count: string }>(
    "select chain_status::text as status, count(*) as count from blocks group by 1",
  );
  return Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)]));
}

/** By its id: the details of a stage that was not passed over. */
export function detailsOf(reports: readonly StageReport[], stage: string) {
  return reports.find((report) => report.stage === stage)?.details;
}
