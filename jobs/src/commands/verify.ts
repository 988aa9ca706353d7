// `forklift verify`: checks independently whether a migrated archive is the history of its chain.

import { requireArchiveForm, requireProtocol1 } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import {
  type CommonOptions,
  type CreationFeeOptions,
  countOption,
  type Finish,
  type ForkGenesisOptions,
  type FormOptions,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  positiveOption,
  stateHashesOption,
  stateHashOption,
  type ThreadsOptions,
  withCommonOptions,
  withCreationFeeOption,
  withForkGenesisOption,
  withFormOptions,
  withThreadsOption,
} from "@forklift/console";
import {
  type Context,
  networkOf,
  openContext,
  openReader,
  runWithoutTarget,
} from "@forklift/context";
import {
  type BlockOptions,
  blockSourcesOf,
  outputForm,
  withOptionalBlocks,
} from "@forklift/migrator";
import { loadGenesisLedger, withLedgerHashExceptions } from "@forklift/network";
import { RUN_AGAIN, stoppable, UsageError } from "@forklift/pipeline";
import { MS_PER_SECOND } from "@forklift/system";
import { toJson } from "@forklift/verifier";
import type { Command } from "commander";
import { checksTable } from "../output/checks-table.ts";
import { type VerifyContext, verifyDatabases } from "../stages/verify-databases.ts";

interface Options
  extends CommonOptions,
    FormOptions,
    ForkGenesisOptions,
    ThreadsOptions,
    CreationFeeOptions,
    Omit<BlockOptions, "blocks"> {
  readonly blocks?: BlockOptions["blocks"];
  readonly sourceDb?: string;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network?: string;
  readonly trustedStateHash?: StateHash;
  readonly ledgerHashException?: readonly StateHash[];
  readonly full?: true;
  readonly pause?: number;
  readonly statementTimeout?: number;
}

export function addVerifyCommand(program: Command, host: Host, finish: Finish): void {
  const command = withForkGenesisOption(
    withFormOptions(withThreadsOption(withCommonOptions(program.command("verify")))),
  )
    .description("ask independently whether a migrated archive is the history of its chain")
    .requiredOption("--target-db <url>", "the archive, of Berkeley or later; only read")
    .option(
      "--source-db <url>",
      "the pre-fork archive; only read; without it some checks are dropped",
    );
  withCreationFeeOption(withOptionalBlocks(command))
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
    .option(
      "--ledger-hash-exception <hash>",
      "a block whose ledger hash is not demanded, besides those of the preset; repeatable",
      stateHashesOption,
    )
    .option("--full", "verify everything, also what an earlier run has proven")
    .option("--pause <ms>", "leave the target alone between two reads", countOption)
    .option(
      "--statement-timeout <seconds>",
      "let no statement on the target take longer (default: no limit)",
      positiveOption,
    )
    .action(async (options: Options) => {
      requireGrounds(options);
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      const { now, log } = environment;
      const verified: VerifyContext = {
        ...(await openVerify(context, options)),
        now,
        onCheck: ({ id, ok, compared }) => log.info({ check: id, ok, compared }),
        onReport: (report) => finish({ text: checksTable(report), json: toJson(report) }),
      };
      await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
        runWithoutTarget([verifyDatabases], verified, environment),
      );
    });
}

async function openVerify(context: Context, options: Options) {
  const { sourceDb, targetDb, blocks: urls, threads } = options;
  const source = sourceDb === undefined ? null : await context.source(sourceDb);
  const { pause: pauseMs = 0, statementTimeout } = options;
  const limits =
    statementTimeout === undefined ? {} : { statementTimeoutMs: statementTimeout * MS_PER_SECOND };
  const target = await context.reader(targetDb, limits);
  const archiveForm = await requireArchiveForm(target, "target");
  await requireProtocol1(target);
  const network = withLedgerHashExceptions(
    await networkOf(target, { role: "target", name: options.network }),
    options.ledgerHashException,
  );
  return {
    source,
    target,
    openTarget: () => openReader(targetDb, limits),
    archiveForm,
    pauseMs,
    network,
    genesisLedger: await loadGenesisLedger(network, options.genesisLedger),
    blocks:
      urls === undefined
        ? null
        : await context.blocks({
            ...blockSourcesOf({ ...options, blocks: urls }),
            network: network.name,
            // The hashes of the ledger, which take longer than the blocks, have one.
            threads: threads - 1,
          }),
    form: await outputForm(
      { vrfOutput: options.officialVrfOutput === true, genesis: options.officialGenesis },
      network,
    ),
    forkGenesisConfigUrl: options.forkGenesisConfig,
    threads,
    trustedStateHash: options.trustedStateHash ?? null,
    isFull: options.full === true,
    comparesCreationFees: options.skipCreationFees !== true,
  };
}

function requireGrounds({ sourceDb, blocks, threads }: Options): void {
  if (sourceDb === undefined && blocks === undefined) {
    throw new UsageError("nothing to hold the target against", {
      hint: "give --source-db, --blocks or both",
    });
  }
  if (threads === 0) {
    throw new UsageError("--threads must be above 0", {
      hint: "give a number from 1 on, or leave the option out",
    });
  }
}
