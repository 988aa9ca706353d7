// Looks for everything in the source that would stop a migration half-way, before the first write.

import { FAILURE_REASONS, USER_COMMAND_TYPES } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import type { SourceChain } from "./source-chain.ts";

/** One fault: where it is, what it is, and the block whose precomputed file would mend it. */
export interface Finding {
  readonly height: bigint;
  readonly stateHash: string | null;
  readonly fault: string;
  /** The missing block, as far as its state hash can be known from its child. */
  readonly missing: { readonly height: bigint; readonly stateHash: string } | null;
}

/** Findings beyond this many say nothing new; the count of all is not needed to refuse. */
const FINDINGS_MAX = 20;

/** Reads only. No finding means that the chain can be copied from genesis to its tip. */
export async function auditSource(source: Session, chain: SourceChain): Promise<Finding[]> {
  const findings = [
    ...(await auditHeights(source, chain)),
    ...(await auditLinks(source, chain)),
    ...(await auditCommands(source, chain)),
  ];
  return findings.sort((a, b) => Number(a.height - b.height)).slice(0, FINDINGS_MAX);
}

async function auditHeights(source: Session, { canonicalHeight }: SourceChain) {
  const rows = await source.query<{ height: string; count: string; child_parent: string | null }>(
    `select h.height, count(distinct b.id), min(child.parent_hash) as child_parent
     from generate_series(1, $1::bigint) as h(height)
     left join blocks b on b.height = h.height and b.chain_status = 'canonical'
     left join blocks child on child.height = h.height + 1 and child.chain_status = 'canonical'
     group by h.height having count(distinct b.id) <> 1 order by h.height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  return rows.map(({ height, count, child_parent }): Finding => {
    if (count !== "0") {
      const fault = `${count} canonical blocks at height ${height}`;
      return { height: BigInt(height), stateHash: null, fault, missing: null };
    }
    return {
      height: BigInt(height),
      stateHash: null,
      fault: `no canonical block at height ${height}`,
      missing: child_parent === null ? null : { height: BigInt(height), stateHash: child_parent },
    };
  });
}

async function auditLinks(source: Session, { canonicalHeight }: SourceChain) {
  const rows = await source.query<{
    height: string;
    state_hash: string;
    parent_hash: string;
    below: string;
    has_parent: boolean;
  }>(
    `select b.height, b.state_hash, b.parent_hash, parent.state_hash as below,
            exists (select from blocks known where known.state_hash = b.parent_hash) as has_parent
     from blocks b
     join blocks parent on parent.height = b.height - 1 and parent.chain_status = 'canonical'
     where b.chain_status = 'canonical' and b.height <= $1 and b.parent_hash <> parent.state_hash
     order by b.height limit $2`,
    [canonicalHeight, FINDINGS_MAX],
  );
  return rows.map(
    ({ height, state_hash, parent_hash, below, has_parent }): Finding => ({
      height: BigInt(height),
      stateHash: state_hash,
      fault: `canonical block ${state_hash} at height ${height} has parent ${parent_hash}, but the canonical block below it is ${below}`,
      missing: has_parent ? null : { height: BigInt(height) - 1n, stateHash: parent_hash },
    }),
  );
}

async function auditCommands(source: Session, { tip }: SourceChain) {
  const rows = await source.query<{ height: string; state_hash: string; fault: string }>(
    `select b.height, b.state_hash,
       'command ' || c.hash || ' of type ' || c.type || ', ' || bc.status ||
         coalesce(' with ' || bc.failure_reason, '') as fault
     from blocks b
     join blocks_user_commands bc on bc.block_id = b.id
     join user_commands c on c.id = bc.user_command_id
     where b.chain_status <> 'orphaned' and b.height <= $1
       and (c.type::text <> all($2) or bc.failure_reason <> all($3)
            or (bc.status = 'failed') <> (bc.failure_reason is not null))
     order by b.height limit $4`,
    [tip.height, USER_COMMAND_TYPES, FAILURE_REASONS, FINDINGS_MAX],
  );
  return rows.map(
    ({ height, state_hash, fault }): Finding => ({
      height: BigInt(height),
      stateHash: state_hash,
      fault: `block ${state_hash} at height ${height} has ${fault}: not a combination of protocol 1.x`,
      missing: null,
    }),
  );
}
