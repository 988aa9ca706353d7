import type { Command } from "commander";
import { explainConfig, explanations } from "../config/explain.ts";
import { loadConfig } from "../config/load-config.ts";
import type { Host, Outcome } from "./host.ts";
import {
  type CommonOptions,
  type ConfigOptions,
  withCommonOptions,
  withConfigOptions,
} from "./options.ts";

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
      const loaded = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      finish(
        options.explain === true
          ? { text: explainConfig(loaded), json: explanations(loaded) }
          : { text: `${options.config} is sound; --explain prints its values`, json: { ok: true } },
      );
    });
}
