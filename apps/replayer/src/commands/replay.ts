// `replay`: replays the commands of a migrated archive and records the accounts that they touch.

import { requireNoLaterBlocks } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import {
  type CommonOptions,
  countOption,
  type Finish,
  type ForkGenesisOptions,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  type RunEnvironment,
  type StopOptions,
  stagesOutcome,
  stagesTable,
  stateHashesOption,
  stopPointOf,
  type ThreadsOptions,
  withCommonOptions,
  withForkGenesisOption,
  withStopOptions,
  withThreadsOption,
} from "@forklift/console";
import { type Context, networkOf, openContext, runInTarget } from "@forklift/context";
import { loadGenesisLedger, withLedgerHashExceptions } from "@forklift/network";
import { RUN_AGAIN, StoppedError, stoppable, UsageError } from "@forklift/pipeline";
import { snapshot } from "@forklift/postgres";
import { openStore, removeUnfinished } from "@forklift/storage";
import { defined, MS_PER_MINUTE } from "@forklift/system";
import type { Command } from "commander";
import type { ReplayerContext } from "../context.ts";
import { REPLAY_DEFAULTS } from "../defaults.ts";
import { pendingDocument, pendingText } from "../output/pending-outcome.ts";
import { KeptTail } from "../pending/kept-tail.ts";
import type { PendingReport } from "../pending/pending-report.ts";
import { completeReplay } from "../pipeline.ts";
import { findStopBlock } from "../range/stop-block.ts";

interface Options extends CommonOptions, StopOptions, ForkGenesisOptions, ThreadsOptions {
  readonly targetDb: string;
  readonly sourceDb?: string;
  readonly genesisLedger?: string;
  readonly checkpoint?: string;
  readonly checkpointInterval: number;
  readonly checkpoints: string;
  readonly network?: string;
  readonly ledgerHashException?: readonly StateHash[];
  readonly pending?: boolean;
}

export function addReplayCommand(program: Command, host: Host, finish: Finish): void {
  withForkGenesisOption(
    withStopOptions(withThreadsOption(withCommonOptions(program.command("replay")))),
  )
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
    .option("--pending", "then replay the pending blocks of --source-db in memory, forks included")
    .action(async (options: Options) => {
      requireGoodOptions(options);
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      const replayed = await openReplay(context, options, environment);
      const stages = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
        runInTarget(completeReplay, replayed, environment),
      );
      if (options.pending !== true) return finish(stagesOutcome(stages));
      const pending = await stoppable(RUN_AGAIN.continues, environment.signal, () =>
        provePending(replayed, environment),
      );
      finish({
        text: `${stagesTable(stages)}\n\n${pendingText(pending)}`,
        json: { ok: true, stages, pending: pendingDocument(pending) },
      });
    });
}

async function openReplay(
  context: Context,
  { targetDb, sourceDb, genesisLedger, forkGenesisConfig, ...options }: Options,
  { now, signal }: RunEnvironment,
): Promise<ReplayerContext> {
  const target = await context.target(targetDb);
  await requireNoLaterBlocks(target);
  const targetReader = await context.reader(targetDb);
  const balances = sourceDb === undefined ? null : await context.source(sourceDb);
  const network = withLedgerHashExceptions(
    await networkOf(target, { role: "target", name: options.network }),
    options.ledgerHashException,
  );
  const checkpoints = openStore(options.checkpoints);
  const left = await removeUnfinished(checkpoints, `${network.name}-checkpoint-`);
  for (const { name } of left) context.warn(`removed ${name}, which a killed run left unfinished`);
  return {
    target,
    targetReader,
    balances,
    stop: stopPointOf(options),
    threads: options.threads,
    network,
    genesisLedger:
      genesisLedger === undefined ? null : await loadGenesisLedger(network, genesisLedger),
    checkpointUrl: options.checkpoint ?? null,
    checkpoints,
    checkpointIntervalBlocks: BigInt(options.checkpointInterval),
    blocksPerLedgerHash: 1,
    checkpointIntervalMs: REPLAY_DEFAULTS.checkpointIntervalMinutes * MS_PER_MINUTE,
    ...{ now, signal },
    warn: context.warn,
    inform: context.inform,
    ...defined({ forkGenesisConfigUrl: forkGenesisConfig }),
  };
}

/** @throws VerificationError at the lowest difference. */
async function provePending(
  context: ReplayerContext,
  { signal }: RunEnvironment,
): Promise<PendingReport> {
  const source = context.balances!;
  const block = await findStopBlock(context);
  await using tail = new KeptTail();
  const pause = () =>
    signal.aborted ? Promise.reject(new StoppedError("stopped by a signal")) : Promise.resolve();
  const report = await snapshot(source, () => tail.prove(context, source, block, { pause }));
  const [difference] = report.differences;
  if (difference === undefined) return report;
  difference.error.details = pendingDocument(report);
  throw difference.error;
}

function requireGoodOptions({
  genesisLedger,
  checkpoint,
  checkpointInterval,
  threads,
  pending,
  sourceDb,
}: Options): void {
  if (genesisLedger !== undefined && checkpoint !== undefined) {
    throw new UsageError("give --genesis-ledger or --checkpoint, not both", {
      hint: "leave one out: --genesis-ledger spares a first replay the hashing, --checkpoint continues a restored set",
    });
  }
  if (checkpointInterval === 0) {
    throw new UsageError("--checkpoint-interval must be above 0", {
      hint: "give a number of blocks from 1 on, or leave the option out",
    });
  }
  if (pending === true && sourceDb === undefined) {
    throw new UsageError(
      "--pending is given without --source-db, whose pending blocks it is about",
      {
        hint: "give --source-db, or leave --pending out",
      },
    );
  }
  if (threads === 0) {
    throw new UsageError("--threads must be above 0", {
      hint: "give a number from 1 on, or leave the option out",
    });
  }
}
