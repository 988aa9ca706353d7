import { hostname } from "node:os";
import type { Command } from "commander";
import { loadConfig } from "../config/load-config.ts";
import { isAlive } from "../is-alive.ts";
import { networkOfConfig } from "../job-world.ts";
import { readStatus } from "../status/status.ts";
import { statusTable } from "../status/status-table.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  type ConfigOptions,
  logOptionsOf,
  withCommonOptions,
  withConfigOptions,
} from "./options.ts";

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
      const { log } = openShell(host, logOptionsOf(options, config.log));
      const witness = { now: host.date(), host: hostname(), isAlive };
      const status = await readStatus(config, await networkOfConfig(config), { witness, log });
      finish({ text: statusTable(status), json: { ok: true, ...status } });
    });
}
