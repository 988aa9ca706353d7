// Why a place did not give a block: five things that an operator mends in five ways.

import { FormatError } from "@forklift/chain";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { TruncatedError } from "@forklift/storage";

/**
 * - `missing`: the place has no file of that name.
 * - `unavailable`: it could not be asked, or answered 429 or 5xx, also when asked again.
 * - `unusable`: it denies access, or is not there, until somebody changes something.
 * - `truncated`: the file ends too early: cut JSON, or fewer bytes than the server announced.
 * - `wrong`: the file is whole and is not this block.
 */
export type RefusalKind = "missing" | "unavailable" | "unusable" | "truncated" | "wrong";

/** A block file that ends too early. */
export class CutBlockError extends FormatError {}

/** A bundle that ends too early. */
export class CutArchiveError extends SourceDataError {}

/** Null for what another place cannot make good: our own bug. */
export function refusalKind(error: unknown): Exclude<RefusalKind, "missing"> | null {
  if (error instanceof CutBlockError || error instanceof CutArchiveError) return "truncated";
  if (error instanceof TruncatedError) return "truncated";
  if (error instanceof TryAgainError) return "unavailable";
  if (error instanceof ConfigError) return "unusable";
  return error instanceof FormatError || error instanceof SourceDataError ? "wrong" : null;
}
