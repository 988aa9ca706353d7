import {
  auditDocument,
  auditError,
  auditSource,
  requireReadable,
  selectChain,
} from "@forklift/archive";
import { loadNetwork, networkOfGenesis } from "@forklift/network";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { Command } from "commander";
import { findingsTable } from "../output/audit-table.ts";
import { counted } from "../output/numbers.ts";
import { filesText } from "../output/plan-table.ts";
import { openSource } from "../sessions.ts";
import type { Host, Outcome } from "./host.ts";
import {
  type CommonOptions,
  type StopOptions,
  stopPointOf,
  withCommonOptions,
  withStopOptions,
} from "./options.ts";

interface Options extends CommonOptions, StopOptions {
  readonly sourceDb: string;
  readonly network?: string;
}

export function addAuditCommand(
  program: Command,
  _host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withStopOptions(withCommonOptions(program.command("audit")))
    .description("find gaps and faults of a pre-fork archive, and the files that mend them")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .action(async (options: Options) => {
      await using source = await openSource(options.sourceDb);
      await requireReadable(source);
      const network = await networkOfSource(source, options.network);
      const chain = await selectChain(source, stopPointOf(options), network);
      const audit = await auditSource(source, chain, { network, above: 0n });
      const document = auditDocument(audit);
      const { height, stateHash } = chain.tip;
      const ok = audit.stoppingCount === 0;
      const answer = ok
        ? `the chain to ${stateHash} at height ${height} is whole`
        : `${counted(audit.stoppingCount, "fault")} in the way of a migration of the chain to ${stateHash}`;
      const parts = [
        document.findings.length === 0 ? null : findingsTable(document),
        filesText(document.filesToFetch),
        answer,
      ];
      finish({
        text: parts.filter((part) => part !== null).join("\n\n"),
        json: { ok, network, tip: { height: Number(height), stateHash }, ...document },
      });
      if (!ok) throw auditError(audit);
    });
}

/** @throws ConfigError when the source begins with another block than the named network. */
async function networkOfSource(source: Session, name: string | undefined): Promise<string> {
  const [block] = await source.query<{ state_hash: string }>(
    "select state_hash from blocks where height = 1 order by chain_status limit 1",
  );
  const genesis = block?.state_hash ?? null;
  if (name === undefined) {
    if (genesis !== null) return (await networkOfGenesis(genesis)).name;
    throw new ConfigError(`the source ${source.maskedUrl} has no block at height 1`, {
      hint: "name the network with --network",
    });
  }
  const network = await loadNetwork(name);
  if (genesis === null || genesis === network.genesis.stateHash) return network.name;
  throw new ConfigError(
    `the source ${source.maskedUrl} begins with genesis block ${genesis}, but ${network.name} ` +
      `begins with ${network.genesis.stateHash}`,
    { hint: `this is the archive of another network than ${network.name}` },
  );
}
