import { requireSchema } from "@forklift/archive";
import { type MigratorWorld, migration } from "@forklift/migrator";
import { loadGenesisLedger, loadNetwork } from "@forklift/network";
import { createDatabaseIfMissing } from "@forklift/postgres";
import { openBlockSources } from "@forklift/precomputed";
import type { Command } from "commander";
import { stagesOutcome } from "../output/stages-table.ts";
import { runInTarget } from "../run-context.ts";
import { openReader, openTarget } from "../sessions.ts";
import { openWorkDirectory } from "../work-directory.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  logOptionsOf,
  type StopOptions,
  stopPointOf,
  urlListOption,
  withCommonOptions,
  withStopOptions,
} from "./options.ts";

interface Options extends CommonOptions, StopOptions {
  readonly sourceDb: string;
  readonly targetDb: string;
  readonly blocks: readonly string[];
  readonly genesisLedger: string;
  readonly network: string;
}

export function addMigrateCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withStopOptions(withCommonOptions(program.command("migrate")))
    .description("copy the canonical chain from a pre-fork archive to a Berkeley archive")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .requiredOption("--target-db <url>", "the Berkeley archive; created if it is missing")
    .requiredOption(
      "--blocks <urls>",
      "precomputed blocks: folder, prefix or bundle",
      urlListOption,
    )
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .requiredOption("--network <name>", "a network preset or the path of one")
    .action(async (options: Options) => {
      const shell = openShell(host, logOptionsOf(options));
      await using work = await openWorkDirectory();
      const network = await loadNetwork(options.network);
      await using source = await openReader(options.sourceDb);
      // A refusal must not leave an empty database behind, so what can be asked is asked before.
      await requireSchema(source, { role: "source", era: "mainnet" });
      const genesisLedger = await loadGenesisLedger(network, options.genesisLedger);
      await createDatabaseIfMissing(options.targetDb);
      await using target = await openTarget(options.targetDb);
      await using blocks = await openBlockSources({
        urls: options.blocks,
        network: network.name,
        scratchDirectory: work.path,
      });
      const world: MigratorWorld = {
        source,
        target,
        network,
        genesisLedger,
        blocks,
        stop: stopPointOf(options),
      };
      const stages = await runInTarget(migration, world, shell);
      finish(stagesOutcome(stages, { blockSources: blocks.statistics() }));
    });
}
