// `migrate` and its plan: copies the canonical chain into a Berkeley archive.

import { auditError } from "@forklift/archive";
import {
  type AddCommand,
  type CommonOptions,
  type CreationFeeOptions,
  type Finish,
  type FormOptions,
  type GroundOptions,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  type RunEnvironment,
  type StopOptions,
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
import { addDetails, RUN_AGAIN, stoppable, UsageError } from "@forklift/pipeline";
import {
  databaseExists,
  MAINTENANCE_DATABASE,
  maskUrl,
  requireDatabaseName,
  urlWithDatabase,
} from "@forklift/postgres";
import { requireOrigins } from "@forklift/precomputed";
import { defined } from "@forklift/system";
import type { Command } from "commander";
import type { MigratorContext } from "../context.ts";
import { outputForm } from "../form/official-genesis.ts";
import { planTable } from "../output/plan-table.ts";
import { sourcesTable } from "../output/sources-table.ts";
import { migrationOf } from "../pipeline.ts";
import { watchRate } from "../plan/measured-rate.ts";
import { planMigration } from "../plan/plan-migration.ts";
import { openSourceProbes } from "../plan/source-probes.ts";
import { type BlockOptions, blockSourcesOf, groundsOf, withBlockOptions } from "./block-options.ts";
import {
  type HealOptions,
  type HistoryOptions,
  historyOf,
  withHealOption,
  withHistoryOptions,
} from "./history-options.ts";

export interface MigrateOptions
  extends CommonOptions,
    StopOptions,
    FormOptions,
    CreationFeeOptions,
    BlockOptions,
    GroundOptions,
    HistoryOptions,
    HealOptions {
  readonly sourceDb: string;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network: string;
  readonly plan?: true;
  readonly follow?: true;
}

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
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
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
    const environment = openRunEnvironment(host, logOptionsOf(options));
    if (options.follow === true) {
      requireNoEnd(options);
      finish(
        await stoppable(RUN_AGAIN.continues, environment.signal, () =>
          follow!.run(options, environment),
        ),
      );
      return;
    }
    await using context = openContext(environment);
    const shared = await openShared(context, options);
    if (options.plan === true) await plan(context, shared, { options, finish });
    else await migrate(context, shared, { options, environment, finish });
  });
}

interface Asked {
  readonly options: MigrateOptions;
  readonly finish: Finish;
}

/** A target that follows has no end, and what it will do is not known. */
function requireNoEnd({ plan: isPlan, forkStateHash, stopAtHeight }: MigrateOptions): void {
  const named = [
    ["--plan", isPlan],
    ["--fork-state-hash", forkStateHash],
    ["--stop-at-height", stopAtHeight],
  ].find(([, value]) => value !== undefined);
  if (named === undefined) return;
  throw new UsageError(`${named[0]} and --follow exclude each other: what is followed has no end`, {
    hint: `leave ${named[0]} or --follow out`,
  });
}

type Shared = Omit<MigratorContext, "target" | "blocks" | "now" | "warn"> &
  Required<Pick<MigratorContext, "copyGrounds">>;

async function openShared(context: Context, options: MigrateOptions): Promise<Shared> {
  const source = await context.source(options.sourceDb);
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
  { options, environment, finish }: Asked & { readonly environment: RunEnvironment },
): Promise<void> {
  const { warn } = context;
  const blocks = await context.blocks({
    ...blockSourcesOf(options),
    network: shared.network.name,
  });
  requireOrigins(blocks, shared.copyGrounds, { hasArchive: shared.source !== null });
  const target = await context.newTarget(options.targetDb);
  const watch = watchRate(environment);
  try {
    const stages = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
      runInTarget(
        migrationOf(shared.history),
        { ...shared, target, blocks, now: environment.now, warn },
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
  { options: { targetDb, ...options }, finish }: Asked,
): Promise<void> {
  const exists = await databaseExists(targetDb);
  const serverUrl = exists ? targetDb : urlWithDatabase(targetDb, MAINTENANCE_DATABASE);
  const targetServer = await context.reader(serverUrl);
  const { probes } = context.keep(
    await openSourceProbes({
      ...blockSourcesOf(options),
      network: shared.network.name,
      scratchDirectory: await context.workPath(),
    }),
  );
  // A chain is mended by the files themselves, which a plan of a sound source only lists.
  const blocks =
    options.heal === true
      ? await context.blocks({ ...blockSourcesOf(options), network: shared.network.name })
      : undefined;
  const planned = await planMigration({
    ...{ ...shared, ...defined({ blocks }) },
    target: exists ? targetServer : null,
    targetServer,
    targetUrl: maskUrl(targetDb),
    probes,
  });
  const { audit } = planned.inspection;
  const ok = audit.stoppingCount === 0 || shared.heals === true;
  finish({ text: planTable(planned.plan), json: { ok, plan: planned.plan } });
  if (!ok) throw auditError(audit);
}
