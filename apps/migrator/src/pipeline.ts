import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "./context.ts";
import { buildIndexesStage } from "./stages/build-indexes.ts";
import { copyBlocks } from "./stages/copy-blocks.ts";
import { createSchema } from "./stages/create-schema.ts";
import { preflight } from "./stages/preflight.ts";
import { writeGenesisAccounts } from "./stages/write-genesis-accounts.ts";

/** The whole migration, in order. Read this file first. */
export const migration: readonly Stage<MigratorContext, Session>[] = [
  preflight,
  createSchema,
  copyBlocks,
  buildIndexesStage,
  writeGenesisAccounts,
];
