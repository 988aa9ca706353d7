import type { WholeStage } from "@forklift/pipeline";
import { maskUrl, readRestoredDump } from "@forklift/postgres";
import { maskUrl as maskStoreUrl, parseStoreUrl } from "@forklift/storage";
import type { Command } from "commander";
import { dumpObject } from "../dump-object.ts";
import { madeDatabase } from "../made-database.ts";
import { restoredText } from "../output/restored-text.ts";
import { restoredRows, restoreObject } from "../restore-object.ts";
import { runWithoutTarget } from "../run-context.ts";
import { openReader } from "../sessions.ts";
import { type Host, type Outcome, openShell } from "./host.ts";
import { type CommonOptions, logOptionsOf, withCommonOptions } from "./options.ts";

interface Options extends CommonOptions {
  readonly dump: string;
  readonly db: string;
}

/** Both places without their secrets. */
interface Shown {
  readonly dump: string;
  readonly database: string;
}

/** The one stage of `forklift restore`; a job restores the same way, from its own stores. */
const restoreDumpStage: WholeStage<Options, Shown> = {
  id: "restore",
  kind: "whole",

  async plan(options) {
    return shown(options);
  },

  async run({ dump, db }, _plan, watch) {
    const object = await dumpObject(dump);
    await using _database = await madeDatabase(db);
    return await restoreObject(db, object, watch);
  },

  async verify({ db }) {
    await using reader = await openReader(db);
    return await restoredRows(reader);
  },
};

export function addRestoreCommand(
  program: Command,
  host: Host,
  finish: (outcome: Outcome) => void,
): void {
  withCommonOptions(program.command("restore"))
    .description("restore a dump into an empty database, which is created if it is missing")
    .requiredOption(
      "--dump <url>",
      "the dump: SQL, plain or in gzip, zstd or tar, or a format of pg_dump's own",
    )
    .requiredOption("--db <url>", "the database to restore into, whatever the dump calls it")
    .action(async (options: Options) => {
      const shell = openShell(host, logOptionsOf(options));
      await runWithoutTarget([restoreDumpStage], options, shell);
      await using reader = await openReader(options.db);
      const { tables, leftOut, sha256 } = (await readRestoredDump(reader))!;
      const rows = tables.reduce((sum, table) => sum + table.rows, 0);
      const places = shown(options);
      finish({
        text: restoredText({ ...places, tables, leftOut }),
        json: { ok: true, ...places, sha256, rows, tables, leftOut },
      });
    });
}

function shown({ dump, db }: Options): Shown {
  return { dump: maskStoreUrl(parseStoreUrl(dump)), database: maskUrl(db) };
}
