// The error for a truncated body.

import { TryAgainError } from "@forklift/pipeline";

/** Fewer bytes came than were announced, also when the rest was requested again. */
export class TruncatedError extends TryAgainError {}
