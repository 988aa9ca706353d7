// What forklift must know of a network and cannot learn from its databases.

import type { Account, LedgerHash, StateHash } from "@forklift/chain";
import type { ProtocolState } from "@forklift/ledger";

export interface Network {
  /** The prefix of block, dump and checkpoint names. */
  readonly name: string;
  readonly genesis: Genesis;
  /** The block that the network agreed to fork after; null while it has not. */
  readonly lastPreForkBlock: { readonly height: bigint; readonly stateHash: StateHash } | null;
  /** Blocks whose recorded ledger hash no replay reproduces, each with the reason. */
  readonly ledgerHashExceptions: ReadonlyMap<StateHash, string>;
}

export interface Genesis {
  readonly stateHash: StateHash;
  readonly ledgerHash: LedgerHash;
  /** Where the genesis ledger can be had when a run names none. */
  readonly ledgerUrl: string | null;
  /** The account that the daemon puts in front of the listed ones. */
  readonly winner: Account;
  /** The protocol state of height 1, whose hash is `stateHash`: recomputed when it was loaded. */
  readonly protocolState: ProtocolState;
}
