// The error for packed bytes that do not unpack.

import { DamagedDataError, SourceDataError } from "@forklift/pipeline";

/** The cause of such an error, which identifies it. */
export class Damage extends Error {
  /** Whether what is there is sound and ends too early. */
  readonly isCut: boolean;

  constructor(why: string, { cause, isCut }: { readonly cause: unknown; readonly isCut: boolean }) {
    super(why, { cause });
    this.name = "Damage";
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
): DamagedDataError {
  return new DamagedDataError(`${what}'s ${kind} is damaged: ${why}`, {
    cause: new Damage(why, { cause, isCut }),
    hint: `${what} is damaged or of another kind; get it again`,
  });
}

/** Null for any other error. */
export function damageOf(error: unknown): Damage | null {
  return error instanceof SourceDataError && error.cause instanceof Damage ? error.cause : null;
}
