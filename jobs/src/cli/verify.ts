import { requireSchema } from "@forklift/archive";
import { loadGenesisLedger } from "@forklift/network";
import { openBlockSources } from "@forklift/precomputed";
import { verifyArchive } from "@forklift/verifier";
import type { Command } from "commander";
import { chooseAnchor } from "../anchor.ts";
import { networkOf } from "../network-of.ts";
import { outputForm } from "../official-genesis.ts";
import { checksTable } from "../output/checks-table.ts";
import { openReader } from "../sessions.ts";
import { failure } from "../stages/verify-target.ts";
import { reportDocument } from "../verification-report.ts";
import { openWorkDirectory } from "../work-directory.ts";
import { type BlockOptions, blockPlacesOf, withBlockOptions } from "./block-options.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import {
  type CommonOptions,
  type FormOptions,
  logOptionsOf,
  stateHashOption,
  withCommonOptions,
  withFormOptions,
} from "./options.ts";

interface Options extends CommonOptions, FormOptions, BlockOptions {
  readonly sourceDb: string;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network?: string;
  readonly trustedStateHash?: ReturnType<typeof stateHashOption>;
}

export function addVerifyCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  const command = withFormOptions(withCommonOptions(program.command("verify")))
    .description("ask independently whether a migrated archive is the history of its chain")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .requiredOption("--target-db <url>", "the Berkeley archive; only read");
  withBlockOptions(command)
    .requiredOption("--genesis-ledger <url>", "the genesis ledger, a runtime configuration")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .option("--trusted-state-hash <hash>", "the block that you trust", stateHashOption)
    .action(async (options: Options) => {
      const shell = openShell(host, logOptionsOf(options));
      await using work = await openWorkDirectory();
      await using source = await openReader(options.sourceDb);
      await using target = await openReader(options.targetDb);
      await requireSchema(source, { role: "source", era: "mainnet" });
      await requireSchema(target, { role: "target", era: "berkeley" });
      const network = await networkOf(target, options.network);
      const genesisLedger = await loadGenesisLedger(network, options.genesisLedger);
      await using blocks = await openBlockSources({
        ...blockPlacesOf(options),
        network: network.name,
        scratchDirectory: work.path,
      });
      const anchor = await chooseAnchor(target, network, options.trustedStateHash ?? null);
      const report = await verifyArchive(
        {
          source,
          target,
          network,
          genesisLedger,
          blocks,
          form: await outputForm(
            { vrfOutput: options.officialVrfOutput === true, genesis: options.officialGenesis },
            network,
          ),
          provenHeight: 0n,
        },
        {
          now: shell.now,
          signal: shell.signal,
          onCheck: ({ id, ok, compared }) => shell.log.info({ check: id, ok, compared }),
        },
      );
      finish({ text: checksTable(report, anchor), json: reportDocument({ anchor, report }) });
      if (!report.ok) throw failure(report.checks);
    });
}
