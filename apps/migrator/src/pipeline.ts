import type { History } from "@forklift/chain";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "./context.ts";
import { adoptBranches } from "./stages/adopt-branches.ts";
import { buildIndexesStage } from "./stages/build-indexes.ts";
import { copyBlocks } from "./stages/copy-blocks.ts";
import { copyBranches } from "./stages/copy-branches.ts";
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

/** The same with the blocks beside the chain: orphaned ones, and pending ones in a history of all. */
export const completeMigration: readonly Stage<MigratorContext, Session>[] = [
  preflight,
  createSchema,
  adoptBranches,
  copyBlocks,
  buildIndexesStage,
  copyBranches,
  writeGenesisAccounts,
];

export function migrationOf(
  history: History = "canonical",
): readonly Stage<MigratorContext, Session>[] {
  return history === "canonical" ? migration : completeMigration;
}
