import { availableParallelism } from "node:os";
import { requireSchema } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import { loadGenesisLedger, type Network, withLedgerHashExceptions } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { type BlockSources, openBlockSources } from "@forklift/precomputed";
import { readSchema } from "@forklift/schemas";
import {
  toJson,
  type VerificationReport,
  type VerifierWorld,
  verifyArchive,
} from "@forklift/verifier";
import type { Command } from "commander";
import { namedAnchor, sourceAnchor } from "../anchor.ts";
import { networkOf } from "../network-of.ts";
import { outputForm } from "../official-genesis.ts";
import { checksTable } from "../output/checks-table.ts";
import { readProvenPart, VERIFY_STAGE } from "../proven-height.ts";
import { observerOf, type Shell } from "../run-context.ts";
import { openReader, openSource } from "../sessions.ts";
import { comparedIn, failure } from "../stages/verify-target.ts";
import { openWorkDirectory, type WorkDirectory } from "../work-directory.ts";
import { type BlockOptions, blockPlacesOf, withOptionalBlocks } from "./block-options.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  countOption,
  type ForkGenesisOptions,
  type FormOptions,
  logOptionsOf,
  stateHashesOption,
  stateHashOption,
  withCommonOptions,
  withForkGenesisOption,
  withFormOptions,
} from "./options.ts";

interface Options
  extends CommonOptions,
    FormOptions,
    ForkGenesisOptions,
    Omit<BlockOptions, "blocks"> {
  readonly blocks?: BlockOptions["blocks"];
  readonly sourceDb?: string;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network?: string;
  readonly trustedStateHash?: StateHash;
  readonly ledgerHashException?: readonly StateHash[];
  readonly full?: true;
  readonly threads: number;
}

export function addVerifyCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  const command = withForkGenesisOption(
    withFormOptions(withCommonOptions(program.command("verify"))),
  )
    .description("ask independently whether a migrated archive is the history of its chain")
    .requiredOption("--target-db <url>", "the Berkeley archive; only read")
    .option(
      "--source-db <url>",
      "the pre-fork archive; only read; without it some checks are dropped",
    );
  withOptionalBlocks(command)
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
    .option(
      "--ledger-hash-exception <hash>",
      "a block whose ledger hash is not demanded, besides those of the preset; repeatable",
      stateHashesOption,
    )
    .option("--full", "verify everything, also what an earlier run has proven")
    .option("--threads <n>", "cores to use", countOption, availableParallelism())
    .action(async (options: Options) => {
      requireGrounds(options);
      await verify(options, openShell(host, logOptionsOf(options)), finish);
    });
}

async function verify(
  options: Options,
  shell: Shell,
  finish: (outcome: Outcome) => void,
): Promise<void> {
  await using work = await openWorkDirectory();
  await using source = options.sourceDb === undefined ? null : await openSource(options.sourceDb);
  await using target = await openReader(options.targetDb);
  await requireSchema(target, { role: "target", era: "berkeley" });
  const network = withLedgerHashExceptions(
    await networkOf(target, options.network),
    options.ledgerHashException,
  );
  const genesisLedger = await loadGenesisLedger(network, options.genesisLedger);
  const warn = (message: string) => shell.log.warn(message);
  await using blocks = await openBlocks(options, network, { work, warn });
  const stop = { forkStateHash: null, stopAtHeight: null };
  const trustedStateHash = options.trustedStateHash ?? null;
  const anchor =
    (await namedAnchor({ target, network, trustedStateHash, stop })) ??
    (await sourceAnchor({ target, source }));
  const world = {
    source,
    target,
    openTarget: () => openReader(options.targetDb),
    schema: (await readSchema("berkeley")).manifest,
    network,
    genesisLedger,
    blocks,
    anchor,
    form: await outputForm(
      { vrfOutput: options.officialVrfOutput === true, genesis: options.officialGenesis },
      network,
    ),
    forkGenesisConfigUrl: options.forkGenesisConfig,
    proven: options.full === true ? null : await readProvenPart(target),
    threads: options.threads,
  };
  const report = await verifyInSight(world, shell);
  finish({ text: checksTable(report), json: toJson(report) });
  if (!report.ok) throw failure(report, await nextStep(target, report));
}

/** Shown as the only step of a run. */
async function verifyInSight(world: VerifierWorld, shell: Shell): Promise<VerificationReport> {
  const observer = observerOf(shell);
  observer.stageStarted({ stage: VERIFY_STAGE, index: 1, count: 1 });
  const report = await verifyArchive(world, {
    now: shell.now,
    signal: shell.signal,
    onCheck: ({ id, ok, compared }) => shell.log.info({ check: id, ok, compared }),
    onHeight: (done, total) =>
      observer.stageProgressed({ stage: VERIFY_STAGE, done, total, unit: "blocks" }),
  });
  const { elapsedMs } = report;
  const rowCount = comparedIn(report);
  observer.stageEnded({ stage: VERIFY_STAGE, rowCount, checks: [], elapsedMs });
  return report;
}

/** What a target lacks that was never replayed shows in many checks, and has one cause. */
async function nextStep(target: Session, { tip }: VerificationReport): Promise<string> {
  // A block without commands touches no account.
  const [recorded] = await target.query<{ height: string }>(
    `select recorded.height
     from (select height from blocks
           where exists (select from accounts_accessed where block_id = blocks.id)
           order by height desc limit 1) recorded
     where exists (
       select from blocks b
       where b.height > recorded.height
         and (exists (select from blocks_user_commands where block_id = b.id)
              or exists (select from blocks_internal_commands where block_id = b.id)))`,
  );
  if (recorded !== undefined) {
    return (
      `accounts_accessed ends at height ${recorded.height}, the target at ${tip.height}: ` +
      "run forklift replay, then verify again"
    );
  }
  return "do not publish this target; forklift verify --json names the first differences of every check";
}

function requireGrounds({ sourceDb, blocks, threads }: Options): void {
  if (sourceDb === undefined && blocks === undefined) {
    throw new UsageError("nothing to hold the target against", {
      hint: "give --source-db, --blocks or both",
    });
  }
  if (threads === 0) throw new UsageError("--threads must be above 0");
}

async function openBlocks(
  { blocks: urls, ...options }: Options,
  { name: network }: Network,
  { work, warn }: { readonly work: WorkDirectory; readonly warn: (message: string) => void },
): Promise<BlockSources | null> {
  if (urls === undefined) return null;
  const places = blockPlacesOf({ ...options, blocks: urls });
  // The hashes of the ledger, which take longer than the blocks, have one.
  const threads = options.threads - 1;
  return await openBlockSources({ ...places, network, scratchDirectory: work.path, threads, warn });
}
