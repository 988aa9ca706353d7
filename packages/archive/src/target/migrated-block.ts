// A block in the form of the Berkeley schema: every value of its row, before ids are assigned.

import type {
  BlockRef,
  ChainStatus,
  EpochSeed,
  GlobalSlotSinceGenesis,
  GlobalSlotSinceHardFork,
  IncludedInternalCommand,
  IncludedUserCommand,
  LedgerHash,
  PublicKey,
  StateHash,
} from "@forklift/chain";
import type { Healed } from "./healed-values.ts";

export interface EpochData {
  readonly seed: EpochSeed;
  readonly ledgerHash: LedgerHash;
  /** Nanomina. */
  readonly totalCurrency: bigint;
  readonly startCheckpoint: StateHash;
  readonly lockCheckpoint: StateHash;
  /** Blocks of the epoch so far. */
  readonly epochLength: bigint;
}

export interface MigratedBlock extends BlockRef {
  readonly chainStatus: ChainStatus;
  readonly parentHash: StateHash;
  readonly creator: PublicKey;
  readonly winner: PublicKey;
  /** Base64 with the URL alphabet, as precomputed blocks print it. */
  readonly lastVrfOutput: string;
  readonly snarkedLedgerHash: LedgerHash;
  readonly stakingEpochData: EpochData;
  readonly nextEpochData: EpochData;
  readonly minWindowDensity: bigint;
  readonly subWindowDensities: readonly bigint[];
  /** Nanomina. */
  readonly totalCurrency: bigint;
  readonly ledgerHash: LedgerHash;
  readonly globalSlotSinceHardFork: GlobalSlotSinceHardFork;
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
  readonly userCommands: readonly IncludedUserCommand[];
  readonly internalCommands: readonly IncludedInternalCommand[];
  /** What of it the source lacks or has otherwise; absent where the two agree. */
  readonly healed?: readonly Healed[];
}
