import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { runSchedule } from "../schedule.ts";
import { type Host, openShell } from "./host.ts";
import {
  type CommonOptions,
  type ConfigOptions,
  logOptionsOf,
  withCommonOptions,
  withConfigOptions,
} from "./options.ts";

export function addScheduleCommand(program: Command, host: Host): void {
  withConfigOptions(withCommonOptions(program.command("schedule")))
    .description("run the daily job whenever the schedule of the configuration says so")
    .action(async (options: CommonOptions & ConfigOptions) => {
      const { config } = await loadConfig({
        file: options.config,
        settings: options.set,
        environment: host.environment,
      });
      await runSchedule(config, openShell(host, logOptionsOf(options, config.log)));
    });
}
