import { availableParallelism } from "node:os";
import { requireSchema } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import { loadGenesisLedger, withLedgerHashExceptions } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import { type ReplayerWorld, replay } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import type { Command } from "commander";
import { REPLAY_DEFAULTS } from "../config/schema.ts";
import { networkOf } from "../network-of.ts";
import { stagesOutcome } from "../output/stages-table.ts";
import { runInTarget } from "../run-context.ts";
import { openReader, openSource, openTarget } from "../sessions.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  countOption,
  type ForkGenesisOptions,
  logOptionsOf,
  type StopOptions,
  stateHashesOption,
  stopPointOf,
  withCommonOptions,
  withForkGenesisOption,
  withStopOptions,
} from "./options.ts";

const MS_PER_MINUTE = 60_000;

interface Options extends CommonOptions, StopOptions, ForkGenesisOptions {
  readonly targetDb: string;
  readonly sourceDb?: string;
  readonly genesisLedger?: string;
  readonly checkpoint?: string;
  readonly checkpointInterval: number;
  readonly checkpoints: string;
  readonly network?: string;
  readonly ledgerHashException?: readonly StateHash[];
  readonly threads: number;
}

export function addReplayCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withForkGenesisOption(withStopOptions(withCommonOptions(program.command("replay"))))
    .description("replay the commands of a migrated archive and record the accounts they touch")
    .requiredOption("--target-db <url>", "the Berkeley archive")
    .option("--source-db <url>", "the old archive, whose balances and nonces are compared")
    .option("--genesis-ledger <url>", "start from genesis")
    .option("--checkpoint <url>", "start from a checkpoint that belongs to this archive")
    .option(
      "--checkpoint-interval <blocks>",
      "blocks between two checkpoints",
      countOption,
      REPLAY_DEFAULTS.checkpointIntervalBlocks,
    )
    .option("--checkpoints <url>", "where checkpoints are written and found", "./")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option(
      "--ledger-hash-exception <hash>",
      "a block whose ledger hash is not demanded, besides those of the preset; repeatable",
      stateHashesOption,
    )
    .option("--threads <n>", "cores to use", countOption, availableParallelism())
    .action(async (options: Options) => {
      requireGoodOptions(options);
      const shell = openShell(host, logOptionsOf(options));
      await using target = await openTarget(options.targetDb);
      await requireSchema(target, { role: "target", era: "berkeley" });
      await using targetReader = await openReader(options.targetDb);
      await using balances =
        options.sourceDb === undefined ? null : await openSource(options.sourceDb);
      const network = withLedgerHashExceptions(
        await networkOf(target, options.network),
        options.ledgerHashException,
      );
      const { genesisLedger, checkpoint, forkGenesisConfig } = options;
      const world: ReplayerWorld = {
        target,
        targetReader,
        balances,
        stop: stopPointOf(options),
        threads: options.threads,
        network,
        genesisLedger:
          genesisLedger === undefined ? null : await loadGenesisLedger(network, genesisLedger),
        checkpointUrl: checkpoint ?? null,
        checkpoints: openStore(options.checkpoints),
        checkpointIntervalBlocks: BigInt(options.checkpointInterval),
        checkpointIntervalMs: REPLAY_DEFAULTS.checkpointIntervalMinutes * MS_PER_MINUTE,
        now: shell.now,
        warn: (message) => shell.log.warn(message),
        inform: (message) => shell.log.info(message),
        ...(forkGenesisConfig === undefined ? {} : { forkGenesisConfigUrl: forkGenesisConfig }),
      };
      finish(stagesOutcome(await runInTarget(replay, world, shell)));
    });
}

function requireGoodOptions({
  genesisLedger,
  checkpoint,
  checkpointInterval,
  threads,
}: Options): void {
  if (genesisLedger !== undefined && checkpoint !== undefined) {
    throw new UsageError("give --genesis-ledger or --checkpoint, not both", {
      hint: "--genesis-ledger spares a first replay the hashing, --checkpoint continues a restored set",
    });
  }
  if (checkpointInterval === 0) throw new UsageError("--checkpoint-interval must be above 0");
  if (threads === 0) throw new UsageError("--threads must be above 0");
}
