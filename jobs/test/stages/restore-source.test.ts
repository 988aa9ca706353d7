// The restore of the source keeps the laws of stages.
// @module-tag only-in-all

import { cp, writeFile } from "node:fs/promises";
import path from "node:path";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { lawArchive, stageLaws } from "@forklift/testkit";
import { restoreSource } from "../../src/stages/restore-source.ts";
import { flipByte, type JobSandbox, openJob, storeAt } from "./job-sandbox.ts";

const DUMP = "sample-archive-dump-2021-03-19_0000.sql.tar.gz";

/** The database to be filled stands as the sandbox's target, which is the one that a law may write. */
async function openSandbox(): Promise<JobSandbox> {
  const { folder, dumps } = await lawArchive();
  const sandbox = await openJob();
  const store = path.join(sandbox.home, "store");
  await cp(path.join(folder, "dumps", dumps.at(-1)!), path.join(store, DUMP));
  return {
    ...sandbox,
    async open(crash) {
      const opened = await sandbox.open(crash);
      const { target, targetUrl } = opened.context;
      const sourceDump = { store: storeAt(store), name: DUMP, minute: 1, bytes: 1n };
      return {
        ...opened,
        context: { ...opened.context, source: target, sourceUrl: targetUrl, sourceDump },
        [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
      };
    },
  };
}

stageLaws({
  makes: "a whole",
  stage: restoreSource,
  openSandbox,
  empty: { openSandbox: () => openJob(), ends: "well" },
  wrongInputs: {
    "a damaged dump": {
      spoil: async ({ stored }) => flipByte((await stored(/dump/))[0]!),
      error: SourceDataError,
    },
    "what is no dump": {
      spoil: async ({ stored }) => writeFile((await stored(/dump/))[0]!, "no dump"),
      error: SourceDataError,
    },
    "a database that holds something": {
      spoil: ({ changeTarget }) => changeTarget("create table accounts (balance numeric)"),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) => changeTarget("delete from blocks_user_commands"),
    added: ({ changeTarget }) =>
      changeTarget("insert into public_keys (id, value) values (9999, 'a key')"),
    // Counts of rows do not cover values; these came in one transaction, under the dump's digest.
  },
});
