// @module-tag only-in-all

import { ConfigError, SourceDataError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { restoreTarget } from "../../src/stages/restore-target.ts";
import { flipByte, type JobSandbox, jobAfter, openJob } from "./job-sandbox.ts";

async function openSandbox(): Promise<JobSandbox> {
  const { from } = await jobAfter("publish-set");
  return await openJob({ from, more: { job: "daily" } });
}

stageLaws({
  makes: "a whole",
  stage: restoreTarget,
  openSandbox,
  empty: { openSandbox: () => openJob({ more: { job: "daily" } }), ends: ConfigError },
  wrongInputs: {
    "a set with another byte in its dump": {
      spoil: async ({ stored }) => flipByte((await stored(/-dump-/))[0]!),
      error: SourceDataError,
    },
    "a target of somebody else": {
      spoil: ({ changeTarget }) => changeTarget("create table accounts (balance numeric)"),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) =>
      changeTarget(
        "delete from accounts_created where ctid in (select min(ctid) from accounts_created)",
      ),
    added: ({ changeTarget }) => changeTarget("insert into public_keys values (9999, 'a key')"),
    altered: ({ changeTarget }) => changeTarget("update blocks set timestamp = 7 where height = 9"),
  },
});
