// `forklift follow`, and what `forklift migrate --follow` does: a target that follows a living source.

import {
  type CommonOptions,
  type ConfigOptions,
  counted,
  countOption,
  type Finish,
  type GroundOptions,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  positiveOption,
  withCommonOptions,
  withConfigOptions,
  withGroundOptions,
} from "@forklift/console";
import {
  BLOCKS_PER_READ,
  blockSourcesOf,
  type FollowMigration,
  type HealOptions,
  type HistoryOptions,
  historyOf,
  withHealOption,
  withHistoryOptions,
} from "@forklift/migrator";
import { RUN_AGAIN, stoppable } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import { type Command, InvalidArgumentError } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { type Config, STATEMENT_TIMEOUT_MAX_SECONDS, settingsWithout } from "../config/schema.ts";
import { openMonitor } from "../observe/metrics/monitor.ts";
import { type FollowOptions, type FollowSummary, runFollow } from "../run/follow/follow.ts";
import { followByConfig } from "../run/follow/follow-by-config.ts";
import { configuredGrounds } from "./ground-options.ts";
import { configuredHistory } from "./history-options.ts";

interface PaceOptions {
  readonly interval?: number;
  readonly pause?: number;
  readonly statementTimeout?: number;
  readonly batchSize?: number;
  readonly parallelism?: number;
}

interface Options
  extends CommonOptions,
    ConfigOptions,
    HistoryOptions,
    HealOptions,
    GroundOptions,
    PaceOptions {}

export function addFollowCommand(program: Command, host: Host, finish: Finish): void {
  withPaceOptions(
    withHealOption(
      withGroundOptions(
        withHistoryOptions(withConfigOptions(withCommonOptions(program.command("follow")))),
      ),
    ),
  )
    .description(
      "follow a living archive, or block files: copy, replay and verify what became canonical, for ever",
    )
    .action(async (options: Options) => {
      const { config: given } = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      const threads = options.parallelism ?? given.replay.threads;
      const config = {
        ...given,
        ...configuredHistory(given, options),
        ...configuredGrounds(given, options),
        replay: { ...given.replay, threads },
      };
      const environment = openRunEnvironment(host, logOptionsOf(options, config.log));
      await using monitor = await openMonitor(config, environment);
      const pace = paceOf(options, config.follow);
      const summary = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
        followByConfig(config, pace, { ...environment, monitor }),
      );
      finish(outcomeOf(summary));
    });
}

/** `migrate --follow`: by options alone, without a store. */
export const followMigration: FollowMigration = {
  withOptions: withPaceOptions,
  async run(options, environment) {
    const defaults = settingsWithout();
    const { sourceDb, targetDb, network, genesisLedger } = options;
    const { urls, cache } = blockSourcesOf(options);
    const pace = paceOf(options as PaceOptions, defaults.follow);
    const threads = (options as PaceOptions).parallelism;
    const summary = await runFollow(
      {
        config: {
          ...defaults,
          ...{ network, genesisLedger, blocks: [...urls], cache },
          source: { database: sourceDb ?? null },
          target: { database: targetDb, store: null },
          official: {
            vrfOutput: options.officialVrfOutput === true,
            genesis: options.officialGenesis,
          },
          replay: { ...defaults.replay, threads },
          ...historyOf(options),
          heal: options.heal === true,
          ...configuredGrounds(defaults, options),
          verify: { compareCreationFees: options.skipCreationFees !== true },
        },
        options: pace,
        watch: null,
        publisher: null,
      },
      environment,
    );
    return outcomeOf(summary);
  },
};

function statementTimeoutOption(text: string): number {
  const seconds = positiveOption(text);
  if (seconds <= STATEMENT_TIMEOUT_MAX_SECONDS) return seconds;
  throw new InvalidArgumentError(`expected at most ${STATEMENT_TIMEOUT_MAX_SECONDS} seconds`);
}

function withPaceOptions(command: Command): Command {
  return command
    .option(
      "--interval <seconds>",
      "from the begin of one cycle to the begin of the next",
      positiveOption,
    )
    .option("--pause <ms>", "leave the source alone between two reads", countOption)
    .option(
      "--statement-timeout <seconds>",
      "how long the source works on one statement at most",
      statementTimeoutOption,
    )
    .option(
      "--batch-size <blocks>",
      `blocks of one read of the source at most (default: ${BLOCKS_PER_READ})`,
      positiveOption,
    )
    .option(
      "--parallelism <n>",
      "cores to use for blocks, replay and verification; the source has two sessions",
      positiveOption,
    );
}

function paceOf(
  { interval, pause, statementTimeout, batchSize = BLOCKS_PER_READ }: PaceOptions,
  follow: Omit<Config["follow"], "publish">,
): FollowOptions {
  return {
    intervalMs: (interval ?? follow.intervalSeconds) * MS_PER_SECOND,
    pauseMs: pause ?? follow.pauseMs,
    statementTimeoutMs: (statementTimeout ?? follow.statementTimeoutSeconds) * MS_PER_SECOND,
    blocksMax: batchSize,
  };
}

function outcomeOf(summary: FollowSummary): Outcome {
  return { text: describe(summary), json: { ok: true, ...summary } };
}

function describe({ cycles, waits, published, last }: FollowSummary): string {
  const counts = [
    counted(cycles, "cycle"),
    `${waits} waited out`,
    `${counted(published, "set")} published`,
  ].join(", ");
  if (last === null) return `${counts}; the target has not caught up yet`;
  const { height, stateHash, lagBlocks, lagSeconds, source } = last;
  const lines = [
    counts,
    `verified up to ${stateHash} at height ${height}, ${counted(lagBlocks, "block")} behind, as of ${lagSeconds.toFixed(1)} s before`,
  ];
  if (source !== null) {
    lines.push(
      `the last cycle asked the source ${source.statementsPerSecond} statements and ${source.rowsPerSecond} rows a second`,
    );
  }
  return lines.join("\n");
}
