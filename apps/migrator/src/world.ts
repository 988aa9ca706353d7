// Everything that the migration's stages read and write.

import type { StopPoint } from "@forklift/archive";
import type { StateHash } from "@forklift/chain";
import type { GenesisLedger, Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { BlockSources } from "@forklift/precomputed";
import type { OutputForm } from "./output-form.ts";

export interface MigratorWorld {
  /** The pre-fork archive; its session refuses every write. */
  readonly source: Session;
  readonly target: Session;
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
  readonly blocks: BlockSources;
  readonly stop: StopPoint;
  /** The block that the operator trusts, which must be on the chain; null for none. */
  readonly trustedStateHash?: StateHash | null;
  /** Where we differ from the official tool: its form or ours. */
  readonly form: OutputForm;
  /** Tells the operator of what does not stop the run. */
  readonly warn: (message: string) => void;
}
