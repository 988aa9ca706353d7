// `forklift cutover`: says what it would do; with --yes, ends the migration of a living archive and writes what
// its operator switches with.

import {
  type CommonOptions,
  type ConfigOptions,
  type Finish,
  type ForkGenesisOptions,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  type StopOptions,
  stateHashOption,
  stopPointOf,
  withCommonOptions,
  withConfigOptions,
  withForkGenesisOption,
  withStopOptions,
} from "@forklift/console";
import { defined } from "@forklift/system";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { openMonitor } from "../observe/metrics/monitor.ts";
import { cutoverPlanText, cutoverText } from "../output/cutover-text.ts";
import { cutOver, planCutover } from "../run/cutover.ts";
import { type CandidateOptions, finalOf, withCandidateOptions } from "./candidate-options.ts";

interface Options
  extends CommonOptions,
    ConfigOptions,
    StopOptions,
    ForkGenesisOptions,
    CandidateOptions {
  readonly trustedStateHash?: ReturnType<typeof stateHashOption>;
  readonly out: string;
  readonly yes?: true;
}

export function addCutoverCommand(program: Command, host: Host, finish: Finish): void {
  withCandidateOptions(
    withForkGenesisOption(
      withStopOptions(withConfigOptions(withCommonOptions(program.command("cutover")))),
    ),
  )
    .description(
      "end the migration of a living archive on fork day, and write the scripts that switch to the target",
    )
    .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
    .option("--out <url>", "the folder for the scripts and the hand-over", "cutover")
    .option("--yes", "do it; without it, only the plan is printed")
    .action(async (options: Options) => {
      const { config } = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      const chosen = {
        ...config,
        trustedStateHash: options.trustedStateHash ?? config.trustedStateHash,
        forkGenesisConfig: options.forkGenesisConfig ?? config.forkGenesisConfig,
        final: finalOf(config, options),
      };
      const environment = openRunEnvironment(host, logOptionsOf(options, config.log));
      const cutover = {
        stop: stopPointOf(options),
        out: options.out,
        ...defined({ forkSlot: options.forkSlot }),
      };
      if (options.yes !== true) {
        const plan = await planCutover(chosen, cutover, environment);
        finish({ text: cutoverPlanText(plan), json: { ok: true, done: false, plan } });
        return;
      }
      await using monitor = await openMonitor(config, environment);
      const outcome = await cutOver(chosen, cutover, { ...environment, monitor });
      finish({ text: cutoverText(outcome), json: { ok: true, done: true, ...outcome } });
    });
}
