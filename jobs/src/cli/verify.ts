import { availableParallelism } from "node:os";
import { requireSchema } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import { loadGenesisLedger, type Network, withLedgerHashExceptions } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import { type BlockSources, openBlockSources } from "@forklift/precomputed";
import { readSchema } from "@forklift/schemas";
import { toJson, verifyArchive } from "@forklift/verifier";
import type { Command } from "commander";
import { namedAnchor, sourceAnchor } from "../anchor.ts";
import { networkOf } from "../network-of.ts";
import { outputForm } from "../official-genesis.ts";
import { checksTable } from "../output/checks-table.ts";
import { readProvenPart } from "../proven-height.ts";
import { openReader, openSource } from "../sessions.ts";
import { failure } from "../stages/verify-target.ts";
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
      const shell = openShell(host, logOptionsOf(options));
      await using work = await openWorkDirectory();
      await using source =
        options.sourceDb === undefined ? null : await openSource(options.sourceDb);
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
      const report = await verifyArchive(
        {
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
        },
        {
          now: shell.now,
          signal: shell.signal,
          onCheck: ({ id, ok, compared }) => shell.log.info({ check: id, ok, compared }),
        },
      );
      finish({ text: checksTable(report), json: toJson(report) });
      if (!report.ok) {
        throw failure(
          report,
          "do not publish this target; forklift verify --json names the first differences of every check",
        );
      }
    });
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
