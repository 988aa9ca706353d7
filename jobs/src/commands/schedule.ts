import {
  type CommonOptions,
  type ConfigOptions,
  counted,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  positiveOption,
  withCommonOptions,
  withConfigOptions,
} from "@forklift/console";
import { dateText } from "@forklift/system";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { openMonitor } from "../observe/metrics/monitor.ts";
import { nextRuns, runSchedule } from "../run/schedule.ts";

interface Options extends CommonOptions, ConfigOptions {
  readonly next?: number;
}

export function addScheduleCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withConfigOptions(withCommonOptions(program.command("schedule")))
    .description("run the daily job whenever the schedule of the configuration says so")
    .option("--next <n>", "only print when the next so many runs are due", positiveOption)
    .action(async (options: Options) => {
      const { config } = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      const environment = openRunEnvironment(host, logOptionsOf(options, config.log));
      if (options.next === undefined) {
        await using monitor = await openMonitor(config, environment);
        const summary = await runSchedule(config, { ...environment, monitor });
        const { runs, failed, missed, overlapped } = summary;
        finish({
          text: `${counted(runs, "run")}, ${failed} failed, ${missed} missed, ${overlapped} left out`,
          json: { ok: true, runs, failed, missed, overlapped },
        });
        return;
      }
      const next = nextRuns(config, options.next, environment.log);
      finish({
        text: next.map(dateText).join("\n"),
        json: { ok: true, next: next.map((date) => date.toISOString()) },
      });
    });
}
