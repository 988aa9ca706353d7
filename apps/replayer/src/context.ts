// The context of the replay: the inputs and outputs of its stages.

import type { StopPoint } from "@forklift/archive";
import type { GenesisLedger, Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { Store } from "@forklift/storage";

export interface ReplayerContext {
  readonly target: Session;
  /** A second session on the target, which reads the next blocks while the last are written. */
  readonly targetReader: Session;
  /** The old archive, with whose balances the replay is compared; null compares none. */
  readonly balances: Session | null;
  /** Awaited between two reads of the old archive; default: they follow each other at once. */
  readonly pauseSource?: () => Promise<void>;
  /** Where the replay ends; the target may go on. */
  readonly stop: StopPoint;
  /** Cores to use: with two or more, the ledger tree is hashed on a thread of its own. */
  readonly threads: number;
  readonly network: Network;
  /** Spares hashing the accounts of genesis once more; null reads them back from the target. */
  readonly genesisLedger: GenesisLedger | null;
  /** The URL of a checkpoint that the caller named; it must belong to the target. */
  readonly checkpointUrl: string | null;
  /** Where checkpoints are written, and looked for when a replay resumes. */
  readonly checkpoints: Store;
  readonly checkpointIntervalBlocks: bigint;
  readonly checkpointIntervalMs: number;
  /**
   * How many blocks share one comparison of the ledger hash; 1 compares every block. More is for a caller who
   * has every block's ledger hash recomputed from the rows afterwards. A difference is named at its block
   * all the same.
   */
  readonly blocksPerLedgerHash: number;
  /**
   * So many blocks, when they are also more than those before them, are replayed without the indexes of
   * the accounts' tables, which are built at the end. Default: `REPLAY_DEFAULTS`.
   */
  readonly indexesLastFromBlocks?: bigint;
  /** The published configuration of the chain after the fork, with which the end is compared. */
  readonly forkGenesisConfigUrl?: string;
  /** Ends also a batch that is repeated block by block; what ends the others is the runner's. */
  readonly signal?: AbortSignal;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  readonly warn: (message: string) => void;
  /** Told of long work outside of batches: rehashing a ledger, reading one back. */
  readonly inform?: (message: string) => void;
}
