// `migrate` and its plan: copies the canonical chain of an archive, or of block files alone, into a Berkeley archive.

import { auditError } from "@forklift/archive";
import {
  type AddCommand,
  type Finish,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  type RunEnvironment,
  stagesTable,
  stopPointOf,
  withCommonOptions,
  withCreationFeeOption,
  withFormOptions,
  withGroundOptions,
  withStopOptions,
} from "@forklift/console";
import { type Context, openContext, runInTarget } from "@forklift/context";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { addDetails, RUN_AGAIN, stoppable } from "@forklift/pipeline";
import {
  databaseExists,
  MAINTENANCE_DATABASE,
  maskUrl,
  requireDatabaseName,
  urlWithDatabase,
} from "@forklift/postgres";
import { requireOrigins } from "@forklift/precomputed";
import type { Command } from "commander";
import type { MigratorContext } from "../context.ts";
import { outputForm } from "../form/official-genesis.ts";
import { planTable } from "../output/plan-table.ts";
import { sourcesTable } from "../output/sources-table.ts";
import { stagesFor } from "../pipeline.ts";
import { watchRate } from "../plan/measured-rate.ts";
import { planMigration } from "../plan/plan-migration.ts";
import { openPlannedPlaces } from "../plan/planned-places.ts";
import { blockSourcesOf, groundsOf, withBlockOptions } from "./block-options.ts";
import { historyOf, withHealOption, withHistoryOptions } from "./history-options.ts";
import { type MigrateOptions, requireFollowable, requireOneOrigin } from "./migrate-options.ts";

/** What follows a source instead of migrating it once; made of more than the migration, so given by others. */
export interface FollowMigration {
  /** Adds the options that it has besides those of `migrate`. */
  withOptions(command: Command): Command;
  run(options: MigrateOptions, environment: RunEnvironment): Promise<Outcome>;
}

/** @param follow null for a program that cannot. */
export function migrateCommand(follow: FollowMigration | null): AddCommand {
  return (program, host, finish) => addMigrateCommand(program, { host, finish, follow });
}

interface Asking {
  readonly host: Host;
  readonly finish: Finish;
  readonly follow: FollowMigration | null;
}

function addMigrateCommand(program: Command, { host, finish, follow }: Asking): void {
  const command = withFormOptions(withStopOptions(withCommonOptions(program.command("migrate"))))
    .description("copy the canonical chain from a pre-fork archive to a Berkeley archive")
    .option("--source-db <url>", "the pre-fork archive; only read")
    .option("--from-blocks", "without an archive: every row comes from the block files")
    .requiredOption("--target-db <url>", "the Berkeley archive; created if it is missing");
  const migrating = withHealOption(
    withGroundOptions(withHistoryOptions(withCreationFeeOption(withBlockOptions(command)))),
  )
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .requiredOption("--network <name>", "a network preset or the path of one")
    .option("--plan", "print what would be done, and write nothing");
  if (follow !== null) {
    follow.withOptions(
      migrating.option("--follow", "copy, replay and verify what becomes canonical, for ever"),
    );
  }
  migrating.action(async (options: MigrateOptions) => {
    requireDatabaseName(options.targetDb);
    requireOneOrigin(options);
    const environment = openRunEnvironment(host, logOptionsOf(options));
    if (options.follow === true) {
      requireFollowable(options);
      finish(
        await stoppable(RUN_AGAIN.continues, environment.signal, () =>
          follow!.run(options, environment),
        ),
      );
      return;
    }
    await using context = openContext(environment);
    const shared = await openShared(context, options);
    if (options.plan === true) await plan(context, shared, { options, environment, finish });
    else await migrate(context, shared, { options, environment, finish });
  });
}

interface Asked {
  readonly options: MigrateOptions;
  readonly environment: RunEnvironment;
  readonly finish: Finish;
}

type Shared = Omit<MigratorContext, "target" | "targetReader" | "blocks" | "now" | "warn"> &
  Required<Pick<MigratorContext, "copyGrounds">>;

async function openShared(context: Context, options: MigrateOptions): Promise<Shared> {
  const { sourceDb } = options;
  const source = sourceDb === undefined ? null : await context.source(sourceDb);
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
    comparesCreationFees: options.skipCreationFees !== true,
    heals: options.heal === true,
    copyGrounds: groundsOf(options),
    ...historyOf(options),
  };
}

async function migrate(
  context: Context,
  shared: Shared,
  { options, environment, finish }: Asked,
): Promise<void> {
  const { warn } = context;
  const blocks = await context.blocks({
    ...blockSourcesOf(options),
    network: shared.network.name,
  });
  requireOrigins(blocks, shared.copyGrounds, { hasArchive: shared.source !== null });
  const target = await context.newTarget(options.targetDb);
  const targetReader = await context.reader(options.targetDb);
  const watch = watchRate(environment);
  try {
    const stages = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
      runInTarget(
        stagesFor(shared),
        { ...shared, target, targetReader, blocks, now: environment.now, warn },
        watch.environment,
      ),
    );
    const blockSources = blocks.statistics();
    finish({
      text: `${stagesTable(stages)}\n\n${sourcesTable(blockSources)}`,
      json: { ok: true, stages, blockSources },
    });
  } catch (error) {
    addDetails(error, { blockSources: blocks.statistics() });
    // A run that was stopped has measured, too; but its own error is the one to report.
    await watch.save(target).catch(() => undefined);
    throw error;
  }
  await watch.save(target);
}

/** Opens the target, where there is one, without its lock and without the right to write. */
async function plan(
  context: Context,
  shared: Shared,
  { options: { targetDb, ...options }, environment, finish }: Asked,
): Promise<void> {
  const exists = await databaseExists(targetDb);
  const serverUrl = exists ? targetDb : urlWithDatabase(targetDb, MAINTENANCE_DATABASE);
  const targetServer = await context.reader(serverUrl);
  const places = context.keep(
    await openPlannedPlaces(
      {
        ...blockSourcesOf(options),
        network: shared.network.name,
        scratchDirectory: await context.workPath(),
      },
      { isFromBlocks: shared.source === null },
    ),
  );
  const planned = await planMigration({
    ...{ ...shared, ...places, now: environment.now },
    target: exists ? targetServer : null,
    targetServer,
    targetUrl: maskUrl(targetDb),
  });
  const { audit } = planned.inspection;
  const ok = audit.stoppingCount === 0 || shared.heals === true;
  finish({ text: planTable(planned.plan), json: { ok, plan: planned.plan } });
  if (!ok) throw auditError(audit);
}
