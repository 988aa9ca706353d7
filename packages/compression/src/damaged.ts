// The error for packed bytes that do not unpack.

import { SourceDataError } from "@forklift/pipeline";

export class DamagedError extends SourceDataError {
  /** Whether what is there is sound and ends too early. */
  readonly isCut: boolean;

  constructor(message: string, { cause, isCut }: { readonly cause: unknown; readonly isCut: boolean }) {
    super(message, { cause, hint: "the file is damaged or of another kind; get it again" });
    this.isCut = isCut;
  }
}

interface Why {
  readonly cause?: unknown;
  /** Default: no. */
  readonly isCut?: boolean;
}

export function damaged(
  what: string,
  kind: string,
  why: string,
  { cause, isCut = false }: Why = {},
): DamagedError {
  return new DamagedError(`${what}'s ${kind} is damaged: ${why}`, { cause, isCut });
}
