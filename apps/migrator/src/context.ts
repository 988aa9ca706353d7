// The context of the migration: the inputs and outputs of its stages.

import type { StopPoint } from "@forklift/archive";
import type { History, StateHash } from "@forklift/chain";
import type { GenesisLedger, Network } from "@forklift/network";
import type { Session } from "@forklift/postgres";
import type { BlockSources, CommandGrounds } from "@forklift/precomputed";
import type { OutputForm } from "./form/output-form.ts";
import type { SourceLoad } from "./source-load.ts";

export interface MigratorContext {
  /** The pre-fork archive; its session refuses every write. Null: there is none, and every row comes from block files. */
  readonly source: Session | null;
  /** A second session on the target, which can only read; without a source, the picked chain is read on it. */
  readonly targetReader?: Session;
  /** How much of it is read at once; default: the most that memory is made for. */
  readonly load?: SourceLoad;
  readonly target: Session;
  readonly network: Network;
  readonly genesisLedger: GenesisLedger;
  readonly blocks: BlockSources;
  /**
   * What the commands are to rest on besides one file, as they are copied; default: nothing, as in a job, where the
   * verification asks for it.
   */
  readonly copyGrounds?: CommandGrounds;
  readonly stop: StopPoint;
  /** The block that the operator trusts, which must be on the chain; null for none. */
  readonly trustedStateHash?: StateHash | null;
  /** Which blocks of the source the target is to hold; default: those of the chain. */
  readonly history?: History;
  /** Whether a block beside the chain that cannot be kept ends the run; default: it is left out. */
  readonly requireOrphans?: boolean;
  /** Keeps the blocks that are left out by name, for a verification in the same run. */
  readonly leftOutNames?: NamesLeftOut;
  /** Whether the creation fees that the source records are looked at; default: yes. */
  readonly comparesCreationFees?: boolean;
  /** Whether a value of the source that its block file has otherwise is taken from there, where that is settled. */
  readonly heals?: boolean;
  /** Where we differ from the official tool: its form or ours. */
  readonly form: OutputForm;
  /** Milliseconds of a clock that only goes forward. */
  readonly now: () => number;
  /** Tells the operator of what does not stop the run. */
  readonly warn: (message: string) => void;
}

/** That of a migration which has an archive. */
export interface ArchiveContext extends MigratorContext {
  readonly source: Session;
}

/** The state hashes of what a run has left out beside the chain. */
export interface NamesLeftOut {
  /** A stage has begun that looks for every block beside the chain. */
  begin(): void;
  /** No stage has looked for them all. */
  forget(): void;
  add(stateHash: string): void;
  /** Null when nobody looked for all, or too many were left out to keep. */
  readonly all: ReadonlySet<string> | null;
}
