// Why a place did not give a block: four things that an operator mends in four ways.

import { FormatError } from "@forklift/chain";
import { SourceDataError, TryAgainError } from "@forklift/pipeline";
import { TruncatedError } from "@forklift/storage";

/**
 * - `missing`: the place has no file of that name.
 * - `unavailable`: it could not be asked, or answered 429 or 5xx, also when asked again.
 * - `truncated`: the file ends too early: cut JSON, or fewer bytes than the server announced.
 * - `wrong`: the file is whole and is not this block.
 */
export type RefusalKind = "missing" | "unavailable" | "truncated" | "wrong";

/** A block file that ends too early. */
export class CutBlockError extends FormatError {}

/** A bundle that ends too early. */
export class CutArchiveError extends SourceDataError {}

/** Null for what another place cannot make good: a wrong setting, or our own bug. */
export function refusalKind(error: unknown): Exclude<RefusalKind, "missing"> | null {
  if (error instanceof CutBlockError || error instanceof CutArchiveError) return "truncated";
  if (error instanceof TruncatedError) return "truncated";
  if (error instanceof TryAgainError) return "unavailable";
  return error instanceof FormatError || error instanceof SourceDataError ? "wrong" : null;
}
