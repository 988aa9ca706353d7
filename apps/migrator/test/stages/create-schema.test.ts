// The schema is created by the laws of stages.
// @module-tag only-in-all

import { ConfigError } from "@forklift/pipeline";
import { stageLaws } from "@forklift/testkit";
import { createSchema } from "../../src/stages/create-schema.ts";
import { emptySource, openMigration } from "../migration-sandbox.ts";

stageLaws({
  makes: "a whole",
  stage: createSchema,
  openSandbox: () => openMigration(null),
  empty: {
    openSandbox: async () => openMigration(null, { source: await emptySource() }),
    ends: "well",
  },
  wrongInputs: {
    "a target of somebody else": {
      spoil: ({ changeTarget }) => changeTarget("create table accounts (balance numeric)"),
      error: ConfigError,
    },
    "a half-made archive": {
      spoil: ({ changeTarget }) =>
        changeTarget("create table blocks (id serial primary key, state_hash text, height bigint)"),
      error: ConfigError,
    },
  },
  damage: {
    removed: ({ changeTarget }) => changeTarget("drop table accounts_created"),
    // Tables and columns beside ours are left to verify-target, which compares the whole catalog.
    altered: ({ changeTarget }) =>
      changeTarget("alter table blocks rename column ledger_hash to ledger"),
  },
});
