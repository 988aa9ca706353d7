import { auditError } from "@forklift/archive";
import { type MigratorWorld, migration, planMigration } from "@forklift/migrator";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { addDetails } from "@forklift/pipeline";
import {
  databaseExists,
  MAINTENANCE_DATABASE,
  maskUrl,
  requireDatabaseName,
  type Session,
  urlWithDatabase,
} from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import type { Command } from "commander";
import { madeDatabase } from "../made-database.ts";
import { outputForm } from "../official-genesis.ts";
import { planTable } from "../output/plan-table.ts";
import { sourcesTable } from "../output/sources-table.ts";
import { stagesTable } from "../output/stages-table.ts";
import { openBlockPlaces } from "../plan/block-places.ts";
import { watchRate } from "../plan/measured-rate.ts";
import { runInTarget } from "../run-context.ts";
import { openReader, openSource, openTarget } from "../sessions.ts";
import { openWorkDirectory } from "../work-directory.ts";
import { type BlockOptions, blockPlacesOf, withBlockOptions } from "./block-options.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  type FormOptions,
  logOptionsOf,
  type StopOptions,
  stopPointOf,
  withCommonOptions,
  withFormOptions,
  withStopOptions,
} from "./options.ts";

interface Options extends CommonOptions, StopOptions, FormOptions, BlockOptions {
  readonly sourceDb: string;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network: string;
  readonly plan?: true;
}

type Finish = (outcome: Outcome) => void;

export function addMigrateCommand(program: Command, host: Host, finish: Finish): void {
  const command = withFormOptions(withStopOptions(withCommonOptions(program.command("migrate"))))
    .description("copy the canonical chain from a pre-fork archive to a Berkeley archive")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .requiredOption("--target-db <url>", "the Berkeley archive; created if it is missing");
  withBlockOptions(command)
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .requiredOption("--network <name>", "a network preset or the path of one")
    .option("--plan", "print what would be done, and write nothing")
    .action(async (options: Options) => {
      requireDatabaseName(options.targetDb);
      await using source = await openSource(options.sourceDb);
      const shared = await openShared(source, options);
      if (options.plan === true) await plan(shared, options, finish);
      else await migrate(shared, options, { host, finish });
    });
}

type Shared = Omit<MigratorWorld, "target" | "blocks" | "warn">;

async function openShared(source: Session, options: Options): Promise<Shared> {
  const network = await loadNetwork(options.network);
  return {
    source,
    network,
    genesisLedger: await loadGenesisLedger(network, options.genesisLedger),
    form: await outputForm(
      { vrfOutput: options.officialVrfOutput === true, genesis: options.officialGenesis },
      network,
    ),
    stop: stopPointOf(options),
  };
}

async function migrate(
  shared: Shared,
  options: Options,
  { host, finish }: { readonly host: Host; readonly finish: Finish },
): Promise<void> {
  const shell = openShell(host, logOptionsOf(options));
  const warn = (message: string) => shell.log.warn(message);
  await using work = await openWorkDirectory();
  await using blocks = await openBlockSources({
    ...blockPlacesOf(options),
    network: shared.network.name,
    scratchDirectory: work.path,
    warn,
  });
  await using _database = await madeDatabase(options.targetDb);
  await using target = await openTarget(options.targetDb);
  const watch = watchRate(shell);
  try {
    const world = { ...shared, target, blocks, warn };
    const stages = await runInTarget(migration, world, watch.shell);
    const blockSources = blocks.statistics();
    finish({
      text: `${stagesTable(stages)}\n\n${sourcesTable(blockSources)}`,
      json: { ok: true, stages, blockSources },
    });
  } catch (error) {
    addDetails(error, { blockSources: blocks.statistics() });
    // A run that was stopped has measured, too; but its own error is the one worth telling.
    await watch.save(target).catch(() => undefined);
    throw error;
  }
  await watch.save(target);
}

/** Opens the target, where there is one, without its lock and without the right to write. */
async function plan(shared: Shared, options: Options, finish: Finish): Promise<void> {
  await using work = await openWorkDirectory();
  const { targetDb } = options;
  const exists = await databaseExists(targetDb);
  const serverUrl = exists ? targetDb : urlWithDatabase(targetDb, MAINTENANCE_DATABASE);
  await using targetServer = await openReader(serverUrl);
  await using blockPlaces = await openBlockPlaces({
    ...blockPlacesOf(options),
    network: shared.network.name,
    scratchDirectory: work.path,
  });
  const { places } = blockPlaces;
  const world = {
    ...shared,
    target: exists ? targetServer : null,
    targetServer,
    targetUrl: maskUrl(targetDb),
    places,
  };
  const planned = await planMigration(world);
  const { audit } = planned.inspection;
  const ok = audit.stoppingCount === 0;
  finish({ text: planTable(planned.plan), json: { ok, plan: planned.plan } });
  if (!ok) throw auditError(audit);
}
