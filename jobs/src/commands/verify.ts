// `forklift verify`: checks independently whether a migrated archive is the history of its chain.

import { requireArchiveForm, requireProtocol1 } from "@forklift/archive";
import { HISTORIES, type History, type StateHash } from "@forklift/chain";
import {
  type CommonOptions,
  type CreationFeeOptions,
  countOption,
  type Finish,
  type ForkGenesisOptions,
  type FormOptions,
  type GroundOptions,
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
  withGroundOptions,
  withThreadsOption,
} from "@forklift/console";
import {
  type Context,
  networkOf,
  openContext,
  openReader,
  type ReaderLimits,
  runWithoutTarget,
} from "@forklift/context";
import {
  type BlockOptions,
  blockSourcesOf,
  groundsOf,
  outputForm,
  withOptionalBlocks,
} from "@forklift/migrator";
import { loadGenesisLedger, type Network, withLedgerHashExceptions } from "@forklift/network";
import { RUN_AGAIN, stoppable, UsageError } from "@forklift/pipeline";
import { type BlockSources, requireOrigins } from "@forklift/precomputed";
import { MS_PER_SECOND } from "@forklift/system";
import { toJson } from "@forklift/verifier";
import { type Command, Option } from "commander";
import { checksTable } from "../output/checks-table.ts";
import { type VerifyContext, verifyDatabases } from "../stages/verify-databases.ts";
import { type Beside, type SetOptions, verifySet } from "./verify-set.ts";

interface Options
  extends CommonOptions,
    FormOptions,
    ForkGenesisOptions,
    ThreadsOptions,
    CreationFeeOptions,
    GroundOptions,
    Omit<BlockOptions, "blocks">,
    Partial<SetOptions> {
  readonly blocks?: BlockOptions["blocks"];
  readonly sourceDb?: string;
  readonly targetDb?: string;
  readonly trustedStateHash?: StateHash;
  readonly full?: true;
  readonly pause?: number;
  readonly statementTimeout?: number;
  readonly history?: History;
}

export function addVerifyCommand(program: Command, host: Host, finish: Finish): void {
  const command = withForkGenesisOption(
    withFormOptions(withThreadsOption(withCommonOptions(program.command("verify")))),
  )
    .description("ask independently whether a migrated archive is the history of its chain")
    .option("--target-db <url>", "the archive, of Berkeley or later; only read")
    .option(
      "--set <url>",
      "instead of --target-db: a published set, by its manifest or its store; restored, verified, dropped",
    )
    .option("--postgres <url>", "where --set restores; default: a server of the run's own")
    .option(
      "--source-db <url>",
      "the pre-fork archive; only read; without it some checks are dropped",
    );
  withGroundOptions(withCreationFeeOption(withOptionalBlocks(command)))
    .option(
      "--genesis-ledger <url>",
      "the genesis ledger, a runtime configuration; default with --set: that of the preset",
    )
    .option(
      "--network <name>",
      "a network preset or the path of one; default: by genesis block, or as the set says",
    )
    .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
    .option(
      "--ledger-hash-exception <hash>",
      "a block whose ledger hash is not demanded, besides those of the preset; repeatable",
      stateHashesOption,
    )
    .addOption(
      new Option(
        "--history <which>",
        "the blocks that it is to hold: canonical, the chain alone; complete, orphaned ones beside it; all, pending ones, too; " +
          "default: by what it holds",
      ).choices(HISTORIES),
    )
    .option("--full", "verify everything, also what an earlier run has proven")
    .option("--pause <ms>", "leave the target alone between two reads", countOption)
    .option(
      "--statement-timeout <seconds>",
      "let no statement on the target take longer (default: no limit)",
      positiveOption,
    )
    .action(async (options: Options) => {
      const asked = requireGrounds(options);
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      if ("set" in asked) {
        await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
          verifySet(
            context,
            environment,
            asked,
            (network) => openBeside(context, asked, network),
            finish,
          ),
        );
        return;
      }
      const { now, log } = environment;
      const verified: VerifyContext = {
        ...(await openVerify(context, asked)),
        now,
        onCheck: ({ id, ok, compared }) => log.info({ check: id, ok, compared }),
        onReport: (report) => finish({ text: checksTable(report), json: toJson(report) }),
      };
      await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
        runWithoutTarget([verifyDatabases], verified, environment),
      );
    });
}

async function openVerify(context: Context, options: DatabaseOptions) {
  const { targetDb, statementTimeout } = options;
  const limits: ReaderLimits =
    statementTimeout === undefined
      ? {}
      : {
          statementTimeout: {
            ms: statementTimeout * MS_PER_SECOND,
            raisedBy: "--statement-timeout",
          },
        };
  const target = await context.reader(targetDb, limits);
  const archiveForm = await requireArchiveForm(target, "target");
  await requireProtocol1(target);
  const network = withLedgerHashExceptions(
    await networkOf(target, { role: "target", name: options.network }),
    options.ledgerHashException,
  );
  return {
    ...(await openBeside(context, options, network)),
    target,
    openTarget: () => openReader(targetDb, limits),
    archiveForm,
    pauseMs: options.pause ?? 0,
    network,
    genesisLedger: await loadGenesisLedger(network, options.genesisLedger),
    isFull: options.full === true,
  };
}

/** What a target is held against. */
async function openBeside(
  context: Context,
  options: Omit<Options, "set">,
  network: Network,
): Promise<Beside> {
  const { sourceDb, threads } = options;
  const source = sourceDb === undefined ? null : await context.source(sourceDb);
  const blocks = await openBlocks(context, options, network);
  const grounds = groundsOf(options);
  if (blocks !== null) requireOrigins(blocks, grounds, { hasArchive: source !== null });
  return {
    ...{ network, source, blocks, grounds },
    form: await outputForm(
      { vrfOutput: options.officialVrfOutput === true, genesis: options.officialGenesis },
      network,
    ),
    forkGenesisConfigUrl: options.forkGenesisConfig,
    threads,
    trustedStateHash: options.trustedStateHash ?? null,
    ...(options.history === undefined ? {} : { history: options.history }),
    comparesCreationFees: options.skipCreationFees !== true,
  };
}

async function openBlocks(
  context: Context,
  options: Omit<Options, "set">,
  { name }: Network,
): Promise<BlockSources | null> {
  const { blocks, threads } = options;
  if (blocks === undefined) return null;
  return await context.blocks({
    ...blockSourcesOf({ ...options, blocks }),
    network: name,
    // The hashes of the ledger, which take longer than the blocks, have one.
    threads: threads - 1,
  });
}

type DatabaseOptions = Omit<Options, "set"> & {
  readonly targetDb: string;
  readonly genesisLedger: string;
};

/** Signatures stand in the blocks alone, and so do commands that may agree with the source's. */
function requireBlocksToAsk({ blocks, signatures, agree }: Options): void {
  if (blocks !== undefined) return;
  const named = signatures !== undefined && signatures.which !== "none" ? "--signatures" : null;
  const option = named ?? (agree !== undefined && agree > 1 ? "--agree" : null);
  if (option === null) return;
  throw new UsageError(`${option} asks the precomputed blocks, and there are none`, {
    hint: `give --blocks, or leave ${option} out`,
  });
}

/** A set proves something by itself; a database is to be held against something. */
function requireGrounds(options: Options): DatabaseOptions | (Options & SetOptions) {
  const { set, targetDb, genesisLedger, sourceDb, blocks, threads, postgres } = options;
  const { pause, statementTimeout } = options;
  requireBlocksToAsk(options);
  if (threads === 0) {
    throw new UsageError("--threads must be above 0", {
      hint: "give a number from 1 on, or leave the option out",
    });
  }
  if (set !== undefined) {
    if (targetDb !== undefined) {
      throw new UsageError(`--set ${set} and --target-db ${targetDb} both name what is verified`, {
        hint: "give one of them",
      });
    }
    if (pause !== undefined || statementTimeout !== undefined) {
      const option = pause === undefined ? "--statement-timeout" : "--pause";
      throw new UsageError(
        `${option} spares a target that others use, and there is none with --set`,
        {
          hint: `leave ${option} out: the set is restored into a database of the run's own`,
        },
      );
    }
    return { ...options, set };
  }
  if (targetDb === undefined || genesisLedger === undefined) {
    throw new UsageError(
      targetDb === undefined
        ? "nothing is named that is to be verified"
        : "the genesis ledger is not named",
      {
        hint:
          targetDb === undefined
            ? "give --target-db, or --set for a published set"
            : "give --genesis-ledger",
      },
    );
  }
  if (postgres !== undefined) {
    throw new UsageError("--postgres says where --set restores, and there is no --set", {
      hint: "leave --postgres out: --target-db names the database",
    });
  }
  if (sourceDb === undefined && blocks === undefined) {
    throw new UsageError("nothing to hold the target against", {
      hint: "give --source-db, --blocks or both",
    });
  }
  return { ...options, targetDb, genesisLedger };
}
