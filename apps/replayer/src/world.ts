// Everything that the replay reads and writes.

import type { GenesisLedger, Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { Store } from "@forklift/storage";

export interface ReplayerWorld {
  readonly target: Session;
  readonly network: Network;
  /** Where a replay starts when no checkpoint is nearer; null when the caller gave a checkpoint. */
  readonly genesisLedger: GenesisLedger | null;
  /** The URL of a checkpoint that the caller named; it must belong to the target. */
  readonly checkpointUrl: string | null;
  /** Where checkpoints are written, and looked for when a replay resumes. */
  readonly checkpoints: Store;
  readonly checkpointIntervalBlocks: bigint;
  readonly checkpointIntervalMs: number;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
}
