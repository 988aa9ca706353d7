// Everything that the migration's stages read and write.

import type { SourceAudit, StopPoint } from "@forklift/archive";
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
  /** What an inspection before the target was made has found; the source is not asked again. */
  readonly audit?: SourceAudit;
  /** Where we differ from the official tool: its form or ours. */
  readonly form: OutputForm;
  /** Tells the operator of what does not stop the run. */
  readonly warn: (message: string) => void;
}
