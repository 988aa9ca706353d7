// The audit's questions about what blocks hold, and about commands that no block includes.

import { FAILURE_REASONS, INTERNAL_COMMAND_TYPES, USER_COMMAND_TYPES } from "@forklift/chain";
import type { Session } from "@forklift/postgres";
import { chainCondition, type SourceChain } from "../source/source-chain.ts";
import { type Finding, mendingFile } from "../source/source-finding.ts";
import { type AuditOptions, FINDINGS_MAX, type Found, foundIn } from "./audit-question.ts";

interface BlockRow {
  readonly height: string;
  readonly state_hash: string;
  readonly parent_hash: string;
  readonly total: string;
}

/** Blocks of the chain above `$3`, in SQL; `$1` and `$2` are the chain's. */
const IN_RANGE = `${chainCondition("b")} and b.height > $3`;

function rangeOf(chain: SourceChain, { above }: AuditOptions): unknown[] {
  return [chain.canonicalHeight, chain.tail.map(({ stateHash }) => stateHash), above];
}

export async function auditCommands(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<readonly Found[]> {
  return [
    await auditUserCommands(source, chain, options),
    await auditInternalCommands(source, chain, options),
    await auditRepeated(source, chain, options),
    ...(await auditWholeness(source, chain, options)),
  ];
}

/** A fault in a block's rows, for which the block's own file is the better source. */
function contentFinding(
  { height, state_hash, parent_hash }: BlockRow,
  fault: string,
  { network }: AuditOptions,
): Omit<Finding, "kind"> {
  const place = { height: BigInt(height), stateHash: state_hash };
  return {
    ...place,
    parentHash: parent_hash,
    fault: `block ${state_hash} at height ${height} ${fault}`,
    mend: mendingFile("replace", network, place),
    stopsMigration: true,
  };
}

async function auditUserCommands(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<Found> {
  const rows = await source.query<BlockRow & { command: string }>(
    `select b.height, b.state_hash, b.parent_hash, count(*) over () as total,
       'command ' || c.hash || ' of type ' || c.type || ', ' || bc.status ||
         coalesce(' with ' || bc.failure_reason, '') ||
         ', amount ' || coalesce(c.amount::text, 'none') || ', fee ' || c.fee ||
         ', tokens ' || c.fee_token || ' and ' || c.token as command
     from blocks b
     join blocks_user_commands bc on bc.block_id = b.id
     join user_commands c on c.id = bc.user_command_id
     where ${IN_RANGE}
       and (c.type::text <> all($4) or bc.failure_reason <> all($5)
            or (bc.status = 'failed') <> (bc.failure_reason is not null)
            or (c.type = 'payment') <> (c.amount is not null)
            or c.amount < 0 or c.fee < 0 or c.fee_token <> 1 or c.token <> 1)
     order by b.height, bc.sequence_no limit $6`,
    [...rangeOf(chain, options), USER_COMMAND_TYPES, FAILURE_REASONS, FINDINGS_MAX],
  );
  return foundIn("unknown-command", rows, (row) =>
    contentFinding(row, `has ${row.command}: not a combination of protocol 1.x`, options),
  );
}

async function auditInternalCommands(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<Found> {
  const rows = await source.query<BlockRow & { command: string }>(
    `select b.height, b.state_hash, b.parent_hash, count(*) over () as total,
       'internal command ' || c.hash || ' of type ' || c.type || ', fee ' || c.fee ||
         ', token ' || c.token as command
     from blocks b
     join blocks_internal_commands bc on bc.block_id = b.id
     join internal_commands c on c.id = bc.internal_command_id
     where ${IN_RANGE} and (c.type::text <> all($4) or c.fee < 0 or c.token <> 1)
     order by b.height, bc.sequence_no limit $5`,
    [...rangeOf(chain, options), INTERNAL_COMMAND_TYPES, FINDINGS_MAX],
  );
  return foundIn("unknown-command", rows, (row) =>
    contentFinding(row, `has ${row.command}: not a combination of protocol 1.x`, options),
  );
}

/** Nonces keep a command from being included twice on one chain, and the target has one row for it. */
async function auditRepeated(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<Found> {
  const rows = await source.query<BlockRow & { hash: string; first: string }>(
    `with included as (
       select bc.user_command_id, b.id, b.height, b.state_hash, b.parent_hash,
              first_value(b.height) over inclusions as first,
              row_number() over inclusions as time
       from blocks b join blocks_user_commands bc on bc.block_id = b.id
       where ${chainCondition("b")}
       window inclusions as (partition by bc.user_command_id order by b.height, bc.sequence_no)
     )
     select i.height, i.state_hash, i.parent_hash, i.first, c.hash, count(*) over () as total
     from included i join user_commands c on c.id = i.user_command_id
     where i.time > 1 and i.height > $3
     order by i.height limit $4`,
    [...rangeOf(chain, options), FINDINGS_MAX],
  );
  return foundIn("repeated-command", rows, (row) =>
    contentFinding(
      row,
      row.first === row.height
        ? `includes command ${row.hash} twice`
        : `includes command ${row.hash} again, which the block at height ${row.first} includes`,
      options,
    ),
  );
}

/**
 * A block numbers all its commands together, from 0 and without a gap; a number that is not there is
 * a command that got lost. A block that has commands pays its producer by one of them.
 */
async function auditWholeness(
  source: Session,
  chain: SourceChain,
  options: AuditOptions,
): Promise<readonly Found[]> {
  const rows = await source.query<BlockRow & { found: string; expected: string; lost: boolean }>(
    `select *, count(*) over (partition by lost) as total,
            row_number() over (partition by lost order by height) as place
     from (select b.height, b.state_hash, b.parent_hash, count(distinct s.sequence_no) as found,
                  max(s.sequence_no)::bigint + 1 as expected,
                  count(distinct s.sequence_no) <> max(s.sequence_no)::bigint + 1 as lost,
                  bool_or(s.is_coinbase) as has_coinbase
           from blocks b
           join (select bc.block_id, bc.sequence_no, false as is_coinbase
                 from blocks_user_commands bc join user_commands c on c.id = bc.user_command_id
                 union all
                 select bc.block_id, bc.sequence_no, c.type = 'coinbase'
                 from blocks_internal_commands bc
                 join internal_commands c on c.id = bc.internal_command_id) s on s.block_id = b.id
           where ${IN_RANGE}
           group by b.height, b.state_hash, b.parent_hash) block
     where lost or not has_coinbase
     order by lost desc, height limit $4`,
    [...rangeOf(chain, options), 2 * FINDINGS_MAX],
  );
  const lost = rows.filter((row) => row.lost).slice(0, FINDINGS_MAX);
  const unpaid = rows.filter((row) => !row.lost).slice(0, FINDINGS_MAX);
  return [
    foundIn("lost-command", lost, (row) =>
      contentFinding(
        row,
        `has ${row.found} sequence numbers of ${row.expected}: a command of it is lost`,
        options,
      ),
    ),
    foundIn("no-coinbase", unpaid, (row) => ({
      ...contentFinding(
        row,
        "has commands, but no coinbase, which a producer leaves out only when a block is full",
        options,
      ),
      // The replay recomputes the ledger hash, and so shows whether it was left out or got lost.
      stopsMigration: false,
    })),
  ];
}

/** What no block includes stops no migration. */
export async function auditUnincludedCommands(source: Session): Promise<readonly Found[]> {
  return [
    await auditUnincluded(source, "user_commands", "blocks_user_commands", "user_command_id"),
    await auditUnincluded(
      source,
      "internal_commands",
      "blocks_internal_commands",
      "internal_command_id",
    ),
  ];
}

async function auditUnincluded(
  source: Session,
  table: "user_commands" | "internal_commands",
  joined: "blocks_user_commands" | "blocks_internal_commands",
  column: "user_command_id" | "internal_command_id",
): Promise<Found> {
  // Materialized, or the planner walks an index of all commands for the sake of the limit: six
  // times as long, since hardly ever there is anything to find.
  const rows = await source.query<{ hash: string; type: string; total: string }>(
    `with loose as materialized (
       select c.hash, c.type from ${table} c
       where not exists (select from ${joined} included where included.${column} = c.id)
     )
     select *, count(*) over () as total from loose order by hash limit $1`,
    [FINDINGS_MAX],
  );
  return foundIn("command-without-block", rows, ({ hash, type }) => ({
    height: null,
    stateHash: null,
    parentHash: null,
    fault: `no block includes the ${type} ${hash} of ${table}`,
    mend: null,
    stopsMigration: false,
  }));
}
