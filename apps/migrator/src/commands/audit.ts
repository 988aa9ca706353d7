// `migrate`'s examination of a source on its own: gaps and faults, and the files that fill them.

import {
  auditDocument,
  auditError,
  auditSource,
  type CreationFees,
  requireReadable,
  selectChain,
} from "@forklift/archive";
import {
  type CommonOptions,
  type CreationFeeOptions,
  counted,
  type Finish,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  type StopOptions,
  stopPointOf,
  withCommonOptions,
  withCreationFeeOption,
  withStopOptions,
} from "@forklift/console";
import { type NetworkIfKnown, networkIfKnown, openContext } from "@forklift/context";
import { ACCOUNT_CREATION_FEE } from "@forklift/ledger";
import { loadGenesisLedger } from "@forklift/network";
import { UsageError } from "@forklift/pipeline";
import type { Command } from "commander";
import { findingsTable } from "../output/audit-table.ts";
import { filesText } from "../output/plan-table.ts";
import { auditedNetwork, hasEnd } from "../preflight/audited-network.ts";
import { withOptionalBlocks } from "./block-options.ts";
import { comparedText, compareFiles, type FileOptions } from "./compare-files.ts";

interface Options extends CommonOptions, StopOptions, CreationFeeOptions, FileOptions {
  readonly sourceDb: string;
  readonly genesisLedger?: string;
  readonly network?: string;
}

/** Stands in the names of block files where the network's name belongs. */
const UNKNOWN_NETWORK = "{network}";

interface LeftOut {
  readonly check: string;
  readonly why: string;
}

/** What an audit looks at with a network alone. */
function checksLeftOut(known: NetworkIfKnown): readonly LeftOut[] {
  if (known.network !== null) return [];
  return [{ check: "whether the source begins with its network's genesis block", why: known.why }];
}

function networkText(known: NetworkIfKnown): string | null {
  const [leftOut] = checksLeftOut(known);
  if (leftOut === undefined) return null;
  return [
    `left out: ${leftOut.check}, since ${leftOut.why}; give one with --network`,
    `${UNKNOWN_NETWORK} stands for the name of the network in the names of files`,
  ].join("\n");
}

export function addAuditCommand(program: Command, host: Host, finish: Finish): void {
  withOptionalBlocks(
    withCreationFeeOption(withStopOptions(withCommonOptions(program.command("audit")))),
  )
    .description("find gaps and faults of a pre-fork archive, and the files that mend them")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .option(
      "--network <name>",
      "a network preset or the path of one; default: by genesis block, else none",
    )
    .option(
      "--genesis-ledger <url>",
      "creation fees by its accounts; default: by recorded balances",
    )
    .option(
      "--sql <file>",
      "write the statements that mend the source by --blocks; nobody runs them",
    )
    .action(async (options: Options) => {
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      const source = await context.source(options.sourceDb);
      await requireReadable(source);
      const known = await networkIfKnown(source, { role: "source", name: options.network });
      const prefix = known.network?.name ?? UNKNOWN_NETWORK;
      const stop = stopPointOf(options);
      const place = { environment, source, network: known.network, stop };
      const compared = await compareFiles(context, place, options);
      if (compared?.sql != null) context.inform(`the statements are written to ${compared.sql}`);
      const chain = await selectChain(source, stop, prefix);
      const audit = await auditSource(source, chain, {
        ...(known.network === null ? { network: prefix } : auditedNetwork(known.network)),
        above: 0n,
        hasEnd: hasEnd(chain, { stop, network: known.network }),
        creationFees: options.skipCreationFees === true ? null : await creationFees(known, options),
      });
      const document = auditDocument(audit);
      const { height, stateHash } = chain.tip;
      const ok = audit.stoppingCount === 0;
      const answer = ok
        ? `the chain to ${stateHash} at height ${height} is whole`
        : `${counted(audit.stoppingCount, "fault")} in the way of a migration of the chain to ${stateHash}`;
      const parts = [
        document.findings.length === 0 ? null : findingsTable(document),
        filesText(document.filesToFetch),
        compared === null ? null : comparedText(compared),
        networkText(known),
        answer,
      ];
      finish({
        text: parts.filter((part) => part !== null).join("\n\n"),
        json: {
          ok,
          network: known.network?.name ?? null,
          tip: { height: Number(height), stateHash },
          ...document,
          leftOut: checksLeftOut(known),
          ...(compared === null ? {} : { files: compared }),
        },
      });
      if (!ok) throw auditError(audit);
    });
}

async function creationFees(
  { network }: NetworkIfKnown,
  { genesisLedger }: Options,
): Promise<CreationFees> {
  const fee = ACCOUNT_CREATION_FEE;
  if (genesisLedger === undefined) return { fee, genesisKeys: null };
  if (network === null) {
    throw new UsageError("--genesis-ledger is that of a network, and none is known", {
      hint: "give --network NAME, or leave --genesis-ledger out",
    });
  }
  const { accounts } = await loadGenesisLedger(network, genesisLedger);
  return { fee, genesisKeys: accounts.map(({ publicKey }) => publicKey) };
}
