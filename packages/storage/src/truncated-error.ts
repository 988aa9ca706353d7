// A body that ended before it should have.

import { TryAgainError } from "@forklift/pipeline";

/** Fewer bytes came than were announced, also when the rest was asked for again. */
export class TruncatedError extends TryAgainError {}
