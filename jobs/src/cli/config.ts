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

export function addConfigCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withConfigOptions(withCommonOptions(program.command("config")))
    .description("check a configuration and print its values")
    .requiredOption("--explain", "print every value and where it came from")
    .action(async (options: CommonOptions & ConfigOptions) => {
      const loaded = await loadConfig({
        file: options.config,
        settings: options.set ?? [],
        environment: host.environment,
      });
      finish({ text: explainConfig(loaded), json: explanations(loaded) });
    });
}
