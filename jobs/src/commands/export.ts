// `forklift export`: what of a pre-fork archive no canonical migration takes over, in files.

import { requireReadable } from "@forklift/archive";
import {
  type CommonOptions,
  counted,
  type Finish,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  withCommonOptions,
} from "@forklift/console";
import { networkOf, openContext, runWithoutTarget } from "@forklift/context";
import { RUN_AGAIN, stoppable } from "@forklift/pipeline";
import type { Command } from "commander";
import { type ExportManifest, exportOrphans } from "../stages/export-orphans.ts";

interface Options extends CommonOptions {
  readonly orphans: true;
  readonly pending?: true;
  readonly sourceDb: string;
  readonly out: string;
  readonly network?: string;
}

export function addExportCommand(program: Command, host: Host, finish: Finish): void {
  withCommonOptions(program.command("export"))
    .description("write what a canonical migration leaves behind into files of JSON lines")
    .requiredOption("--orphans", "orphaned blocks, each with all its rows")
    .option("--pending", "the pending blocks, too")
    .requiredOption("--source-db <url>", "the pre-fork archive; only read")
    .requiredOption("--out <folder>", "an empty folder, or one that is not there yet")
    .option("--network <name>", "a network preset or the path of one; default: by genesis block")
    .action(async (options: Options) => {
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await using context = openContext(environment);
      const source = await context.source(options.sourceDb);
      await requireReadable(source);
      const { name } = await networkOf(source, { role: "source", name: options.network });
      const exported = {
        ...{ source, network: name, out: options.out, date: environment.date },
        withPending: options.pending === true,
        onExported: (manifest: ExportManifest) =>
          finish({
            text: textOf(options.out, manifest),
            json: { ok: true, out: options.out, ...manifest },
          }),
      };
      await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
        runWithoutTarget([exportOrphans], exported, environment),
      );
    });
}

function textOf(out: string, manifest: ExportManifest): string {
  const { blocks, orphanedBlocks, pendingBlocks, lowestHeight, highestHeight } = manifest;
  const { userCommands, internalCommands, balances } = manifest;
  return [
    `${counted(blocks, "block")} in ${out}: ${orphanedBlocks} orphaned, ${pendingBlocks} pending` +
      (lowestHeight === null ? "" : `, heights ${lowestHeight} to ${highestHeight}`),
    `with ${counted(userCommands, "user command")}, ${counted(internalCommands, "internal command")}, ` +
      (balances === null
        ? "no balances, which the role may not read"
        : counted(balances, "balance")),
    ...manifest.files.map((file) => `${file.name}  ${file.bytes} bytes  SHA-256 ${file.sha256}`),
  ].join("\n");
}
