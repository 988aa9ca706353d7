import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import { buildIndexesStage } from "./stages/build-indexes.ts";
import { copyBlocks } from "./stages/copy-blocks.ts";
import { createSchema } from "./stages/create-schema.ts";
import { preflight } from "./stages/preflight.ts";
import { writeGenesisAccounts } from "./stages/write-genesis-accounts.ts";
import type { MigratorWorld } from "./world.ts";

/** The whole migration, in order. Read this file first. */
export const migration: readonly Stage<MigratorWorld, Session>[] = [
  preflight,
  createSchema,
  copyBlocks,
  buildIndexesStage,
  writeGenesisAccounts,
];
