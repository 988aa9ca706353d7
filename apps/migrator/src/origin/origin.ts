// Where the blocks of a migration come from: an archive with block files beside it, or block files alone. In these
// questions the two differ, and in where rows are read; whatever follows treats their blocks alike.

import type { SourceChain, StopPoint } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { MigratorContext } from "../context.ts";

export interface Origin {
  /**
   * The chain that ends where the stop point says.
   * @throws SourceDataError, UsageError when there is no such end.
   */
  selectChain(stop: StopPoint): Promise<SourceChain>;
  /** Whether the chain goes through the block; null where nobody can say yet. */
  hasOnChain(chain: SourceChain, stateHash: StateHash): Promise<boolean | null>;
  /** Up to which height, at most `heightMax`, the target holds the blocks of the chain. */
  commonHeight(chain: SourceChain, target: Session, heightMax: bigint): Promise<bigint>;
}

/** What an origin is asked in. */
export interface OriginContext
  extends Pick<MigratorContext, "source" | "network" | "blocks" | "history" | "heals"> {
  /** Null while there is no such database. */
  readonly target: Session | null;
}
