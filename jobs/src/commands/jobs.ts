import {
  type CommonOptions,
  type ConfigOptions,
  type ForkGenesisOptions,
  type GroundOptions,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  type StopOptions,
  stagesTable,
  stateHashOption,
  stopPointOf,
  withCommonOptions,
  withConfigOptions,
  withForkGenesisOption,
  withGroundOptions,
  withStopOptions,
} from "@forklift/console";
import {
  type HealOptions,
  type HistoryOptions,
  sourcesTable,
  withHealOption,
  withHistoryOptions,
} from "@forklift/migrator";
import type { JobName } from "@forklift/sets";
import { defined } from "@forklift/system";
import { type Command, Option } from "commander";
import { type SourceOptions, withChosenSource } from "../config/chosen-source.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Config } from "../config/schema.ts";
import type { JobOptions } from "../context/job-inputs.ts";
import { openMonitor } from "../observe/metrics/monitor.ts";
import { candidateTable } from "../output/candidate-table.ts";
import { jobPlanTable } from "../output/job-plan-table.ts";
import { planJob } from "../run/plan-job.ts";
import { type JobOutcome, runJob } from "../run/run-job.ts";
import { answerBehind } from "../stages/answer-text.ts";
import { type CandidateOptions, finalOf, withCandidateOptions } from "./candidate-options.ts";
import { configuredGrounds } from "./ground-options.ts";
import { configuredHistory } from "./history-options.ts";

interface Options
  extends CommonOptions,
    ConfigOptions,
    StopOptions,
    ForkGenesisOptions,
    CandidateOptions,
    HistoryOptions,
    HealOptions,
    GroundOptions,
    SourceOptions {
  readonly trustedStateHash?: ReturnType<typeof stateHashOption>;
  readonly dryRun?: true;
  readonly plan?: true;
  readonly replace?: true;
  readonly allowOlderDump?: true;
}

/** prime, daily and final, which differ in their options only by what makes sense for each. */
export function addJobCommands(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  const add = (job: JobName, description: string) =>
    withHealOption(
      withGroundOptions(
        withHistoryOptions(withConfigOptions(withCommonOptions(program.command(job)))),
      ),
    )
      .description(description)
      .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
      .addOption(
        new Option(
          "--plan",
          "print what would be done and how long it takes, write nothing",
        ).conflicts("dryRun"),
      )
      .action(async (options: Options) => {
        finish(await runWithOptions(job, options, host));
      });

  add("prime", "migrate the whole history and publish the first set").option(
    "--replace",
    "prime a store that already holds a set, and take its place",
  );
  add("daily", "migrate what the source has gained since the newest set").option(
    "--allow-older-dump",
    "go on with the newest dump when tonight's has not come in time",
  );
  withSourceOptions(
    withCandidateOptions(
      withForkGenesisOption(
        withStopOptions(
          add("final", "migrate up to the last pre-fork block and publish the final set"),
        ),
      ),
    ),
  ).option("--dry-run", "do everything, publish nothing, leave a report");
}

/** Instead of the source of the configuration, of whatever kind that is. */
function withSourceOptions(command: Command): Command {
  const database = new Option("--source-db <url>", "read this live archive in this run");
  return command
    .addOption(database.conflicts("sourceDumps"))
    .option("--source-dumps <url>", "take the newest dump of this folder or bucket in this run");
}

async function runWithOptions(job: JobName, options: Options, host: Host): Promise<Outcome> {
  const { config } = await loadConfig({
    file: options.config,
    settings: options.set ?? [],
    environment: host.environment,
  });
  const trusted = options.trustedStateHash ?? config.trustedStateHash;
  const jobOptions: JobOptions = {
    job,
    stop: stopPointOf(options),
    isDryRun: options.dryRun === true,
    isReplacing: options.replace === true,
    allowsOlderDump: options.allowOlderDump === true,
    ...defined({ forkSlot: options.forkSlot }),
  };
  const environment = openRunEnvironment(host, logOptionsOf(options, config.log));
  const forkGenesisConfig = options.forkGenesisConfig ?? config.forkGenesisConfig;
  const chosen: Config = {
    ...withChosenSource(config, options),
    ...configuredHistory(config, options),
    ...configuredGrounds(config, options),
    ...{ trustedStateHash: trusted, forkGenesisConfig, final: finalOf(config, options) },
  };
  if (options.plan === true) {
    const plan = await planJob(chosen, jobOptions, environment);
    return { text: jobPlanTable(plan), json: { ok: true, ...plan } };
  }
  await using monitor = await openMonitor(config, environment);
  return outcomeOf(await runJob(chosen, jobOptions, { ...environment, monitor }));
}

function outcomeOf(outcome: JobOutcome): Outcome {
  return { text: describe(outcome), json: { ok: true, ...outcome } };
}

function describe(outcome: JobOutcome): string {
  const { job, height, stateHash, set, published, report, handOver } = outcome;
  const { verified, dumpsPassedOver, candidate } = outcome;
  const result =
    set === null
      ? [
          `dry run of ${job}: verified up to ${stateHash} at height ${height}, nothing published`,
          ...(report === null ? [] : [`report: ${report}`]),
          ...handOver.map((file) => `hand-over: ${file}`),
        ].join("\n")
      : published
        ? `${job}: published ${set}`
        : `${job}: nothing new; ${set} stands`;
  const answer = verified === null ? [] : [answerBehind("verified: ", verified).join("\n")];
  const passedOver = dumpsPassedOver.map(
    ({ name, reason }) => `passed over the dump ${name}: ${reason}`,
  );
  return [
    stagesTable(outcome.stages),
    ...(candidate === null ? [] : [candidateTable(candidate)]),
    ...(outcome.blockSources.length === 0 ? [] : [sourcesTable(outcome.blockSources)]),
    [...passedOver, result, ...answer].join("\n"),
  ].join("\n\n");
}
