import {
  type CommonOptions,
  type ConfigOptions,
  type Host,
  logOptionsOf,
  type Outcome,
  openRunEnvironment,
  withCommonOptions,
  withConfigOptions,
} from "@forklift/console";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { networkOfConfig } from "../context/configured-inputs.ts";
import { statusTable } from "../output/status-table.ts";
import { readStatus } from "../run/status.ts";

export function addStatusCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withConfigOptions(withCommonOptions(program.command("status")))
    .description("show the last sets and runs, the lag, the trend and the next run")
    .action(async (options: CommonOptions & ConfigOptions) => {
      const { config } = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      const { log } = openRunEnvironment(host, logOptionsOf(options, config.log));
      const status = await readStatus(config, await networkOfConfig(config), {
        date: host.date,
        log,
      });
      finish({ text: statusTable(status), json: { ok: true, ...status } });
    });
}
