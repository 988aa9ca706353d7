import type { History } from "@forklift/chain";
import type { Stage } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { ArchiveContext, MigratorContext } from "./context.ts";
import { adoptBranches } from "./stages/adopt-branches.ts";
import { buildIndexesStage } from "./stages/build-indexes.ts";
import { copyBlocks } from "./stages/copy-blocks.ts";
import { copyBranches } from "./stages/copy-branches.ts";
import { createSchema } from "./stages/create-schema.ts";
import { pickChainStage } from "./stages/pick-chain.ts";
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

/** The same without an archive: the chain is picked from block files, and its rows come from them. */
export const migrationFromBlocks: readonly Stage<MigratorContext, Session>[] = [
  preflight,
  createSchema,
  pickChainStage,
  copyBlocks,
  buildIndexesStage,
  writeGenesisAccounts,
];

/** That with the blocks beside the chain whose files are listed. */
const completeFromBlocks: readonly Stage<MigratorContext, Session>[] = [
  preflight,
  createSchema,
  pickChainStage,
  copyBlocks,
  buildIndexesStage,
  copyBranches,
  writeGenesisAccounts,
];

/** The migration with the blocks beside the chain: orphaned ones, and pending ones in a history of all. */
export const completeMigration: readonly Stage<ArchiveContext, Session>[] = [
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
): readonly Stage<ArchiveContext, Session>[] {
  return history === "canonical" ? migration : completeMigration;
}

/** Those of a run with an archive, or without one; files tell of no block that is pending. */
export function stagesFor({
  source,
  history = "canonical",
}: Pick<MigratorContext, "source" | "history">): readonly Stage<MigratorContext, Session>[] {
  return source === null ? migrationOfFiles(history) : migrationOf(history);
}

/** Those of a run without an archive. */
export function migrationOfFiles(history: History): readonly Stage<MigratorContext, Session>[] {
  return history === "canonical" ? migrationFromBlocks : completeFromBlocks;
}
