// The highest canonical block of a target, with what is published of it beside its rows.

import {
  type BlockRef,
  type GlobalSlotSinceGenesis,
  type LedgerHash,
  parseGlobalSlotSinceGenesis,
  type StateHash,
} from "@forklift/chain";
import type { Session } from "@forklift/postgres";

/** The block that a set ends in. */
export interface PublishedTip extends BlockRef {
  readonly globalSlotSinceGenesis: GlobalSlotSinceGenesis;
  readonly ledgerHash: LedgerHash;
  /** Milliseconds since 1970. */
  readonly timestamp: bigint;
}

/** Of a target that holds a block, and was verified: its values are taken as they are. */
export async function readPublishedTip(target: Session): Promise<PublishedTip> {
  const [row] = await target.query<{
    height: string;
    state_hash: StateHash;
    slot: string;
    ledger_hash: LedgerHash;
    timestamp: string;
  }>(
    `select height, state_hash, global_slot_since_genesis as slot, ledger_hash, "timestamp"
     from blocks where chain_status = 'canonical' order by height desc limit 1`,
  );
  return {
    height: BigInt(row!.height),
    stateHash: row!.state_hash,
    globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row!.slot),
    ledgerHash: row!.ledger_hash,
    timestamp: BigInt(row!.timestamp),
  };
}

/** The ledgers that the tip names besides its own. */
export interface TipLedgerHashes {
  readonly snarked: string;
  readonly stakingEpoch: string;
  readonly nextEpoch: string;
}

/** As `readPublishedTip`. */
export async function readTipLedgerHashes(target: Session): Promise<TipLedgerHashes> {
  const [row] = await target.query<{ snarked: string; staking: string; next: string }>(
    `select snarked.value as snarked, staking_hash.value as staking, next_hash.value as next
     from blocks b
     join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     join epoch_data staking on staking.id = b.staking_epoch_data_id
     join snarked_ledger_hashes staking_hash on staking_hash.id = staking.ledger_hash_id
     join epoch_data next on next.id = b.next_epoch_data_id
     join snarked_ledger_hashes next_hash on next_hash.id = next.ledger_hash_id
     where b.chain_status = 'canonical' order by b.height desc limit 1`,
  );
  return { snarked: row!.snarked, stakingEpoch: row!.staking, nextEpoch: row!.next };
}
