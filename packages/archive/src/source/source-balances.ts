// Reads the balances that an archive node of protocol 1.x recorded after every command.

import type { PublicKey, StateHash } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

/** What an account had when a command had been applied. */
export interface RecordedBalance {
  readonly sequenceNo: number;
  readonly publicKey: PublicKey;
  /** Nanomina. */
  readonly balance: bigint;
  /** Null where the archive has none: most rows but those of fee payers. */
  readonly nonce: bigint | null;
}

type Ref = { readonly height: bigint; readonly stateHash: StateHash };

/**
 * By the state hash of their block.
 * @param blocks ascending in height, and near each other.
 * @throws ConfigError when the source does not hold one of them.
 */
export async function readSourceBalances(
  source: Session,
  blocks: readonly Ref[],
): Promise<ReadonlyMap<string, readonly RecordedBalance[]>> {
  const balances = await readBalances(source, blocks);
  const missing = blocks.find(({ stateHash }) => !balances.has(stateHash));
  if (missing === undefined) return balances;
  throw new ConfigError(
    `the source ${source.maskedUrl} has no block ${missing.stateHash}, which the target has at ` +
      `height ${missing.height}`,
    { hint: "give the source that the target was migrated from, or a newer one" },
  );
}

/**
 * The same of blocks beside the chain, of which another node's archive may have seen others: one that the
 * source does not hold has no entry.
 * @param blocks one at least, near each other, in any order.
 */
export async function readBranchBalances(
  source: Session,
  blocks: readonly Ref[],
): Promise<ReadonlyMap<string, readonly RecordedBalance[]>> {
  return await readBalances(
    source,
    [...blocks].sort((a, b) => (a.height < b.height ? -1 : a.height > b.height ? 1 : 0)),
  );
}

/** @param blocks ascending in height. */
async function readBalances(
  source: Session,
  blocks: readonly Ref[],
): Promise<Map<string, RecordedBalance[]>> {
  const rows = await source.query<{
    state_hash: string;
    sequence_no: number | null;
    public_key: PublicKey;
    balance: string;
    nonce: string | null;
  }>(
    // The table has an index by height, none by block.
    `select b.state_hash, recorded.block_sequence_no as sequence_no, key.value as public_key,
            recorded.balance, recorded.nonce
     from blocks b
     left join balances recorded
       on recorded.block_id = b.id and recorded.block_height between $2 and $3
     left join public_keys key on key.id = recorded.public_key_id
     where b.state_hash = any($1)`,
    [blocks.map(({ stateHash }) => stateHash), blocks[0]!.height, blocks.at(-1)!.height],
  );
  const balances = new Map<string, RecordedBalance[]>();
  for (const { state_hash, sequence_no, public_key, balance, nonce } of rows) {
    let ofBlock = balances.get(state_hash);
    if (ofBlock === undefined) {
      ofBlock = [];
      balances.set(state_hash, ofBlock);
    }
    if (sequence_no === null) continue;
    ofBlock.push({
      sequenceNo: sequence_no,
      publicKey: public_key,
      balance: BigInt(balance),
      nonce: nonce === null ? null : BigInt(nonce),
    });
  }
  return balances;
}

/** Nothing but a comparison needs them, and a role may do without. */
export async function mayReadBalances(source: Session): Promise<boolean> {
  const [role] = await source.query<{ readable: boolean }>(
    "select has_table_privilege('public.balances', 'select') as readable",
  );
  return role?.readable === true;
}
