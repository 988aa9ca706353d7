// The error of a replay that found a difference to the archive.

import type { PlacedCommand, ReplayBlock } from "@forklift/archive";
import { VerificationError } from "@forklift/pipeline";

export interface DifferenceOptions {
  readonly cause?: unknown;
  readonly hint?: string;
}

/** @param what names the command, when one is known, and both values. */
export function difference(
  { stateHash, height }: Pick<ReplayBlock, "stateHash" | "height">,
  what: string,
  {
    cause,
    hint = "run forklift verify: this block or one before it is not what the network applied",
  }: DifferenceOptions = {},
): VerificationError {
  return new VerificationError(`block ${stateHash} at height ${height}: ${what}`, { cause, hint });
}

export function describeCommand({ sequenceNo, command }: PlacedCommand): string {
  return `${command.type} ${command.hash} (sequence_no ${sequenceNo})`;
}
