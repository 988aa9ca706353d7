// The options of `migrate`, and which of them exclude each other.

import type {
  CommonOptions,
  CreationFeeOptions,
  FormOptions,
  GroundOptions,
  StopOptions,
} from "@forklift/console";
import { UsageError } from "@forklift/pipeline";
import type { BlockOptions } from "./block-options.ts";
import type { HealOptions, HistoryOptions } from "./history-options.ts";

export interface MigrateOptions
  extends CommonOptions,
    StopOptions,
    FormOptions,
    CreationFeeOptions,
    BlockOptions,
    GroundOptions,
    HistoryOptions,
    HealOptions {
  readonly sourceDb?: string;
  readonly fromBlocks?: true;
  readonly targetDb: string;
  readonly genesisLedger: string;
  readonly network: string;
  readonly plan?: true;
  readonly follow?: true;
}

/** @throws UsageError unless either an archive is named or none is wanted. */
export function requireOneOrigin(options: MigrateOptions): void {
  const { sourceDb, fromBlocks, history, skipCreationFees, heal } = options;
  if (fromBlocks === undefined) {
    if (sourceDb !== undefined) return;
    throw new UsageError("neither --source-db nor --from-blocks is given", {
      hint: "give --source-db URL, the pre-fork archive, or --from-blocks to do without one",
    });
  }
  const named = [
    ["--source-db", sourceDb],
    // Only an archive records them.
    ["--skip-creation-fees", skipCreationFees],
    ["--heal", heal],
    // So it alone says which blocks nobody has decided on.
    ["--history all", history === "all" ? true : undefined],
  ].find(([, value]) => value !== undefined);
  if (named === undefined) return;
  throw new UsageError(
    `${named[0]} and --from-blocks exclude each other: without an archive there is the chain of block files`,
    { hint: `leave ${named[0]} or --from-blocks out` },
  );
}

/**
 * A target that follows has no end, and what it will do is not known.
 * @throws UsageError for an option that says otherwise.
 */
export function requireFollowable({ plan, forkStateHash, stopAtHeight }: MigrateOptions): void {
  const named = [
    ["--plan", plan],
    ["--fork-state-hash", forkStateHash],
    ["--stop-at-height", stopAtHeight],
  ].find(([, value]) => value !== undefined);
  if (named === undefined) return;
  throw new UsageError(`${named[0]} and --follow exclude each other: what is followed has no end`, {
    hint: `leave ${named[0]} or --follow out`,
  });
}
