// Why a source did not give a block: five kinds of refusal, each with a fix of its own.

import { FormatError } from "@forklift/chain";
import { ConfigError, SourceDataError, TryAgainError } from "@forklift/pipeline";
import { TruncatedError } from "@forklift/storage";
import { TruncatedBlockError } from "./truncated-block-error.ts";

/**
 * - `missing`: the source has no file of that name.
 * - `unavailable`: it could not be reached, or answered 429 or 5xx, also when retried.
 * - `unusable`: it denies access, or is not there, until somebody changes something.
 * - `truncated`: the file ends too early: truncated JSON, or fewer bytes than the server announced.
 * - `wrong`: the file is whole and is not this block.
 */
export type RefusalKind = "missing" | "unavailable" | "unusable" | "truncated" | "wrong";

/** A bundle that ends too early. */
export class CutArchiveError extends SourceDataError {}

/** Null for our own bug, which no other source can make good. */
export function refusalKind(error: unknown): Exclude<RefusalKind, "missing"> | null {
  if (error instanceof TruncatedBlockError || error instanceof CutArchiveError) return "truncated";
  if (error instanceof TruncatedError) return "truncated";
  if (error instanceof TryAgainError) return "unavailable";
  if (error instanceof ConfigError) return "unusable";
  return error instanceof FormatError || error instanceof SourceDataError ? "wrong" : null;
}
