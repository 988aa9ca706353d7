import { pathToFileURL } from "node:url";
import { requireSchema } from "@forklift/archive";
import { loadGenesisLedger } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import { type ReplayerWorld, replay } from "@forklift/replayer";
import { openStore } from "@forklift/storage";
import type { Command } from "commander";
import { REPLAY_DEFAULTS } from "../config/schema.ts";
import { networkOf } from "../network-of.ts";
import { stagesOutcome } from "../output/stages-table.ts";
import { runInTarget } from "../run-context.ts";
import { openTarget } from "../sessions.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import { type CommonOptions, heightOption, logOptionsOf, withCommonOptions } from "./options.ts";

const MS_PER_MINUTE = 60_000;

interface Options extends CommonOptions {
  readonly targetDb: string;
  readonly genesisLedger?: string;
  readonly checkpoint?: string;
  readonly checkpointInterval: bigint;
  readonly checkpoints: string;
  readonly network?: string;
}

export function addReplayCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withCommonOptions(program.command("replay"))
    .description("replay the commands of a migrated archive and record the accounts they touch")
    .requiredOption("--target-db <url>", "the Berkeley archive")
    .option("--genesis-ledger <url>", "start from genesis")
    .option("--checkpoint <url>", "start from a checkpoint that belongs to this archive")
    .option(
      "--checkpoint-interval <blocks>",
      "blocks between two checkpoints",
      heightOption,
      BigInt(REPLAY_DEFAULTS.checkpointIntervalBlocks),
    )
    .option("--checkpoints <url>", "where checkpoints are written and found", "./")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .action(async (options: Options) => {
      requireOneStart(options);
      const shell = openShell(host, logOptionsOf(options));
      await using target = await openTarget(options.targetDb);
      await requireSchema(target, { role: "target", era: "berkeley" });
      const network = await networkOf(target, options.network);
      const { genesisLedger, checkpoint } = options;
      const world: ReplayerWorld = {
        target,
        network,
        genesisLedger:
          genesisLedger === undefined ? null : await loadGenesisLedger(network, genesisLedger),
        checkpointUrl: checkpoint ?? null,
        checkpoints: openStore(storeUrl(options.checkpoints)),
        checkpointIntervalBlocks: options.checkpointInterval,
        checkpointIntervalMs: REPLAY_DEFAULTS.checkpointIntervalMinutes * MS_PER_MINUTE,
        now: shell.now,
        warn: (message) => shell.log.warn(message),
      };
      finish(stagesOutcome(await runInTarget(replay, world, shell), {}));
    });
}

function requireOneStart({ genesisLedger, checkpoint, checkpointInterval }: Options): void {
  if ((genesisLedger === undefined) === (checkpoint === undefined)) {
    throw new UsageError("give either --genesis-ledger or --checkpoint", {
      hint: "--genesis-ledger for a first replay, --checkpoint to continue a restored set",
    });
  }
  if (checkpointInterval === 0n) throw new UsageError("--checkpoint-interval must be above 0");
}

/** A plain path is a folder of this machine. */
function storeUrl(urlOrPath: string): string {
  return urlOrPath.includes("://") ? urlOrPath : `${pathToFileURL(urlOrPath).href}/`;
}
