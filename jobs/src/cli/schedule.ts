import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { openMonitor } from "../metrics/monitor.ts";
import { counted } from "../output/numbers.ts";
import { nextRuns, runSchedule } from "../schedule.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  type ConfigOptions,
  logOptionsOf,
  positiveOption,
  withCommonOptions,
  withConfigOptions,
} from "./options.ts";

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
      const shell = openShell(host, logOptionsOf(options, config.log));
      if (options.next === undefined) {
        await using monitor = await openMonitor(config, shell);
        const summary = await runSchedule(config, { ...shell, monitor });
        const { runs, failed, missed, overlapped } = summary;
        finish({
          text: `${counted(runs, "run")}, ${failed} failed, ${missed} missed, ${overlapped} left out`,
          json: { ok: true, runs, failed, missed, overlapped },
        });
        return;
      }
      const next = nextRuns(config, options.next, shell.log).map((date) => date.toISOString());
      finish({ text: next.join("\n"), json: { ok: true, next } });
    });
}
