// `forklift restore`: restores a dump into an empty database.

import {
  type CommonOptions,
  type Finish,
  type Host,
  logOptionsOf,
  openRunEnvironment,
  withCommonOptions,
} from "@forklift/console";
import { openReader, runWithoutTarget } from "@forklift/context";
import { RUN_AGAIN, stoppable } from "@forklift/pipeline";
import { readRestoredDump } from "@forklift/postgres";
import type { Command } from "commander";
import { restoredText } from "../output/restored-text.ts";
import { type RestoreDump, restoreDumpStage, shownRestore } from "../stages/restore-dump.ts";

interface Options extends CommonOptions, RestoreDump {}

export function addRestoreCommand(program: Command, host: Host, finish: Finish): void {
  withCommonOptions(program.command("restore"))
    .description("restore a dump into an empty database, which is created if it is missing")
    .requiredOption(
      "--dump <url>",
      "the dump: SQL, plain or in gzip, zstd or tar, or a format of pg_dump's own",
    )
    .requiredOption("--db <url>", "the database to restore into, whatever the dump calls it")
    .action(async (options: Options) => {
      const environment = openRunEnvironment(host, logOptionsOf(options));
      await stoppable(RUN_AGAIN.beginsAnew, environment.signal, () =>
        runWithoutTarget([restoreDumpStage], options, environment),
      );
      await using reader = await openReader(options.db);
      const { tables, leftOut, sha256 } = (await readRestoredDump(reader))!;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const shown = shownRestore(options);
      finish({
        text: restoredText({ ...shown, tables, leftOut }),
        json: { ok: true, ...shown, sha256, rows, tables, leftOut },
      });
    });
}
