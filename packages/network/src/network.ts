// What forklift must know of a network and cannot learn from its databases.

import type { Account, BlockRef, LedgerHash, StateHash } from "@forklift/chain";
import type { ProtocolState, SignatureKind } from "@forklift/ledger";

export interface Network {
  /** The prefix of block, dump and checkpoint names. */
  readonly name: string;
  /** By whose rules its user commands are signed. */
  readonly signatureKind: SignatureKind;
  readonly genesis: Genesis;
  /** Where the nightly dumps of the old archive lie. */
  readonly dumps: { readonly url: string | null; readonly prefix: string };
  /** Where precomputed blocks lie that anybody may read, and which of them are known to be wrong. */
  readonly blocks: { readonly url: string | null; readonly faults: readonly BlockFault[] };
  /** The block that the network agreed to fork after; null while it has not. */
  readonly lastPreForkBlock: LastPreForkBlock | null;
  /** The block that the new chain began with; null while it is not known. */
  readonly forkGenesis: ForkGenesis | null;
  /** What a final run asks of a block that nobody has named as the last before the fork. */
  readonly final: {
    /** Blocks that must stand above it on the best chain. */
    readonly minConfirmations: number;
  };
  /** Blocks whose recorded ledger hash no replay reproduces. */
  readonly ledgerHashExceptions: ReadonlyMap<StateHash, LedgerHashException>;
}

export interface LastPreForkBlock extends BlockRef {
  /** Its own, not that of the fork genesis block; left out where it is not known. */
  readonly globalSlotSinceGenesis?: bigint | undefined;
}

/** Why the ledger hash of a block is not demanded. */
export interface LedgerHashException {
  readonly reason: string;
  /** Slots since genesis of which one must be the block's; null where nobody has named any. */
  readonly slots: ReadonlySet<bigint> | null;
}

export interface Genesis {
  /**
   * Whether the state hash was computed from the ledger and the constants of the network, and nobody who
   * ran the network confirms it: the first archive or block does, or shows that it is wrong.
   */
  readonly isDerived: boolean;
  readonly stateHash: StateHash;
  readonly ledgerHash: LedgerHash;
  /** Where the genesis ledger can be had when a run names none. */
  readonly ledgerUrl: string | null;
  /** The account that the daemon puts in front of the listed ones. */
  readonly winner: Account;
  /** The protocol state of height 1, whose hash is `stateHash`: recomputed when it was loaded. */
  readonly protocolState: ProtocolState;
}

/**
 * What is to be said of a network whose genesis is derived; null for any other.
 * @param isMet whether an archive begins with that very block.
 */
export function derivedGenesisNote(
  { name, genesis }: Pick<Network, "name" | "genesis">,
  isMet: boolean,
): string | null {
  if (!genesis.isDerived) return null;
  const note = `the genesis state hash of ${name}, ${genesis.stateHash}, is derived from its ledger and constants`;
  return isMet
    ? `${note}; the archive begins with that block, which confirms it`
    : `${note}; the first archive or block that is met confirms or refuses it`;
}

/** Published blocks that are not to be used as they are. */
export interface BlockFault {
  readonly first: bigint;
  readonly last: bigint;
  readonly reason: string;
  /** Where right ones can be had, in words for an operator. */
  readonly instead: string | null;
}

/** Never ours to write: the archive of the new chain does. */
export interface ForkGenesis {
  readonly stateHash: StateHash;
  /** Its own, not that of its parent. */
  readonly globalSlotSinceGenesis: bigint;
  /** Of the Berkeley ledger that the new chain begins with; null where it is not known. */
  readonly ledgerHash: LedgerHash | null;
}
