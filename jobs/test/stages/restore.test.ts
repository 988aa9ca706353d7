// The restore of a dump keeps the laws of stages.
// @module-tag only-in-all

import { cp, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ConfigError, SourceDataError } from "@forklift/pipeline";
import {
  lawArchive,
  openTestArchives,
  type Sandbox,
  stageLaws,
  type TestArchives,
} from "@forklift/testkit";
import { restoreDumpStage } from "../../src/stages/restore-dump.ts";
import { flipByte, openJob } from "./job-sandbox.ts";

type Context = Parameters<typeof restoreDumpStage.plan>[0];

interface RestoreSandbox extends Sandbox<Context>, Pick<TestArchives, "changeTarget"> {
  readonly file: string;
}

async function openSandbox(): Promise<RestoreSandbox> {
  const { folder, dumps } = await lawArchive();
  const archives = await openTestArchives();
  const { home, [Symbol.asyncDispose]: close } = await openJob();
  const file = path.join(home, "dump.sql.tar.gz");
  await cp(path.join(folder, "dumps", dumps.at(-1)!), file);
  return {
    file,
    changeTarget: archives.changeTarget,
    contents: archives.contents,
    async open(crash) {
      const db = await crash.database(archives.targetUrl);
      const context = { dump: pathToFileURL(file).href, db };
      return { context, async [Symbol.asyncDispose]() {} };
    },
    [Symbol.asyncDispose]: close,
  };
}

stageLaws({
  makes: "a whole",
  stage: restoreDumpStage,
  openSandbox,
  empty: {
    openSandbox: async () => {
      const sandbox = await openSandbox();
      await writeFile(sandbox.file, "");
      return sandbox;
    },
    ends: SourceDataError,
  },
  wrongInputs: {
    "a damaged dump": { spoil: ({ file }) => flipByte(file), error: SourceDataError },
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
