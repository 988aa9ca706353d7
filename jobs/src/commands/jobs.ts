import {
  type CommonOptions,
  type ConfigOptions,
  type ForkGenesisOptions,
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
  withStopOptions,
} from "@forklift/console";
import { sourcesTable } from "@forklift/migrator";
import type { JobName } from "@forklift/sets";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import type { Config } from "../config/schema.ts";
import type { JobOptions } from "../context/job-inputs.ts";
import { openMonitor } from "../observe/metrics/monitor.ts";
import { type JobOutcome, runJob } from "../run/run-job.ts";
import { answerBehind } from "../stages/answer-text.ts";

interface Options extends CommonOptions, ConfigOptions, StopOptions, ForkGenesisOptions {
  readonly trustedStateHash?: ReturnType<typeof stateHashOption>;
  readonly dryRun?: true;
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
    withConfigOptions(withCommonOptions(program.command(job)))
      .description(description)
      .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
      .action(async (options: Options) => {
        finish(outcomeOf(await runWithOptions(job, options, host)));
      });

  add("prime", "migrate the whole history and publish the first set").option(
    "--replace",
    "prime a store that already holds a set, and take its place",
  );
  add("daily", "migrate what the source has gained since the newest set").option(
    "--allow-older-dump",
    "go on with the newest dump when tonight's has not come in time",
  );
  withForkGenesisOption(
    withStopOptions(
      add("final", "migrate up to the last pre-fork block and publish the final set"),
    ),
  ).option("--dry-run", "do everything, publish nothing, leave a report");
}

async function runWithOptions(job: JobName, options: Options, host: Host): Promise<JobOutcome> {
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
  };
  const environment = openRunEnvironment(host, logOptionsOf(options, config.log));
  const forkGenesisConfig = options.forkGenesisConfig ?? config.forkGenesisConfig;
  const chosen: Config = { ...config, trustedStateHash: trusted, forkGenesisConfig };
  await using monitor = await openMonitor(config, environment);
  return await runJob(chosen, jobOptions, { ...environment, monitor });
}

function outcomeOf(outcome: JobOutcome): Outcome {
  return { text: describe(outcome), json: { ok: true, ...outcome } };
}

function describe(outcome: JobOutcome): string {
  const { job, height, stateHash, set, published, report, handOver } = outcome;
  const { verified, dumpsPassedOver } = outcome;
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
    ...(outcome.blockSources.length === 0 ? [] : [sourcesTable(outcome.blockSources)]),
    [...passedOver, result, ...answer].join("\n"),
  ].join("\n\n");
}
