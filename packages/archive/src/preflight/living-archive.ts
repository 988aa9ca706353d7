// What of an archive is to be known before its history of protocol 1.x is verified: whether it has any, whether
// it goes on above a block, and whether it is a target of ours.

import type { BlockRef } from "@forklift/chain";
import { ConfigError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";

/**
 * @throws ConfigError when the chain of the archive began with a later protocol, as that of a network does which was
 * founded after the fork.
 */
export async function requireProtocol1(archive: Session): Promise<void> {
  const [first] = await archive.query<Record<"height" | "state_hash" | "version", string>>(
    `select b.height, b.state_hash, concat_ws('.', v.transaction, v.network, v.patch) as version
     from blocks b join protocol_versions v on v.id = b.protocol_version_id
     where b.height = (select min(height) from blocks) and v.transaction > 2
       and not exists (
         select from blocks o join protocol_versions w on w.id = o.protocol_version_id
         where w.transaction = 2)
     order by b.chain_status, b.state_hash limit 1`,
  );
  if (first === undefined) return;
  const { height, state_hash: stateHash, version } = first;
  throw new ConfigError(
    `the target ${archive.maskedUrl} has no history of protocol 1.x: its first block, ${stateHash} at height ` +
      `${height}, is of protocol version ${version}, and no block of an earlier version is there`,
    {
      hint:
        "there is nothing here that forklift could verify: give an archive whose chain began before the " +
        "Berkeley fork",
    },
  );
}

/**
 * Whether blocks of later eras stand above the block. Their slots count from the fork, and their versions are later
 * ones: either shows it.
 */
export async function goesOnAbove(
  archive: Session,
  { height }: Pick<BlockRef, "height">,
): Promise<boolean> {
  const [row] = await archive.query<{ later: boolean }>(
    `select exists (
       select from blocks b left join protocol_versions v on v.id = b.protocol_version_id
       where b.height > $1
         and (v.transaction > 2 or b.global_slot_since_hard_fork < b.global_slot_since_genesis)
     ) as later`,
    [height],
  );
  return row?.later === true;
}

/** A target on which forklift has run has its marks, which a role that reads the archive's tables need not see. */
export async function isOurs(archive: Session): Promise<boolean> {
  return (await readMarksTable(archive)) !== null;
}

/** Whether there are marks that the role may read. */
export async function readsMarks(archive: Session): Promise<boolean> {
  return (await readMarksTable(archive))?.readable === true;
}

async function readMarksTable(archive: Session): Promise<{ readable: boolean } | null> {
  const [row] = await archive.query<{ readable: boolean }>(
    `select has_schema_privilege(n.oid, 'usage') and has_table_privilege(c.oid, 'select') as readable
     from pg_class c join pg_namespace n on n.oid = c.relnamespace
     where n.nspname = 'forklift' and c.relname = 'progress_mark'`,
  );
  return row ?? null;
}

/** As text, what the first blocks hold that the official tool writes otherwise. Null for an archive without them. */
export interface FirstRows {
  readonly genesis: Readonly<Record<string, unknown>> | null;
  /** Of the lowest block above genesis. */
  readonly vrfOutput: string | null;
}

export async function readFirstRows(archive: Session): Promise<FirstRows> {
  const epoch = (of: "staking" | "next") => `(
    select json_build_object('seed', e.seed, 'ledgerHash', h.value, 'totalCurrency', e.total_currency,
      'startCheckpoint', e.start_checkpoint, 'lockCheckpoint', e.lock_checkpoint,
      'epochLength', e.epoch_length::text)
    from epoch_data e join snarked_ledger_hashes h on h.id = e.ledger_hash_id
    where e.id = b.${of}_epoch_data_id)`;
  const [genesis] = await archive.query<{ row: Readonly<Record<string, unknown>> }>(
    `select json_build_object('stateHash', b.state_hash, 'snarkedLedgerHash', snarked.value,
              'lastVrfOutput', b.last_vrf_output, 'stakingEpochData', ${epoch("staking")},
              'nextEpochData', ${epoch("next")}) as row
     from blocks b join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     where b.height = 1 order by b.chain_status limit 1`,
  );
  const [second] = await archive.query<{ vrf: string }>(
    `select last_vrf_output as vrf from blocks where height > 1
     order by height, chain_status limit 1`,
  );
  return { genesis: genesis?.row ?? null, vrfOutput: second?.vrf ?? null };
}
