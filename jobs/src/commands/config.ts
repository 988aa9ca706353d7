import type { Host, Outcome } from "@forklift/console";
import {
  type CommonOptions,
  type ConfigOptions,
  secretsOfEnvironment,
  withCommonOptions,
  withConfigOptions,
} from "@forklift/console";
import type { Command } from "commander";
import { explanations, explanationTable } from "../config/explain.ts";
import { loadRunnableConfig } from "../context/runnable-config.ts";

interface Options extends CommonOptions, ConfigOptions {
  readonly explain?: true;
}

export function addConfigCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withConfigOptions(withCommonOptions(program.command("config")))
    .description("check a configuration, and print its values on demand")
    .option("--explain", "print every value and where it came from")
    .action(async (options: Options) => {
      const loaded = await loadRunnableConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      const explained = explanations(
        loaded,
        loaded.network,
        secretsOfEnvironment(host.environment),
      );
      finish(
        options.explain === true
          ? { text: explanationTable(explained), json: explained }
          : { text: `${options.config} is sound; --explain prints its values`, json: { ok: true } },
      );
    });
}
