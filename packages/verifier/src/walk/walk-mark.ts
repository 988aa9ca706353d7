// How far the walk of a verification has come, for one that was interrupted to go on above. A mark is made of
// heights without any difference alone, when every check has settled what it was shown of them.

import type { BlockRef, LedgerHash } from "@forklift/chain";
import type { TableVersions } from "../proven-part.ts";

/** A block whose ledger hash was not demanded, because no replay reproduces it. */
export interface UsedException {
  readonly height: bigint;
  readonly stateHash: string;
  readonly reason: string;
}

/** Up to and with this block of the chain, and the branches that leave it there or below. */
export interface WalkMark extends BlockRef {
  readonly ledgerHash: LedgerHash;
  /** A digest of what was asked: the anchor, what was proven before, the history, the checks and their code. */
  readonly question: string;
  /** Of the target's tables as a whole. */
  readonly versions: TableVersions;
  /** Rows by check. */
  readonly compared: Readonly<Record<string, number>>;
  /** Rows by table, of those that hang on blocks. */
  readonly seen: Readonly<Record<string, number>>;
  readonly exceptions: readonly UsedException[];
}

/** Where the mark of a verification is kept while it is under way. */
export interface WalkMarks {
  /** Blocks from one mark to the next. */
  readonly everyBlocks: bigint;
  /** Null when there is none that can be read. */
  load(): Promise<WalkMark | null>;
  save(mark: WalkMark): Promise<void>;
}
