// The block that somebody asks about by height or by state hash, in an archive that may hold several
// branches: a node's archive, or the history with its orphans.

import {
  FormatError,
  parseGlobalSlotSinceGenesis,
  parseStateHash,
  type StateHash,
} from "@forklift/chain";
import { ConfigError, UsageError } from "@forklift/pipeline";
import type { Session } from "@forklift/postgres";
import type { TargetBlock } from "./target-blocks.ts";

export interface AskedBlock extends TargetBlock {
  /** canonical, orphaned or pending. */
  readonly chainStatus: string;
}

/** Protocol 1.x, as the migration writes its transaction version. */
const PROTOCOL_1X = "2";

interface Row {
  readonly height: string;
  readonly state_hash: string;
  readonly slot: string;
  readonly ledger_hash: TargetBlock["ledgerHash"];
  readonly chain_status: string;
  readonly transaction: string;
  readonly version: string;
}

/**
 * At a height the canonical block, or else the only one there.
 * @throws UsageError where there is none, or where the height names several of which none is canonical.
 * @throws ConfigError for a block of a later protocol version, and for one whose values were changed.
 */
export async function findAskedBlock(target: Session, at: bigint | StateHash): Promise<AskedBlock> {
  const rows = await target.query<Row>(
    `select b.height, b.state_hash, b.global_slot_since_genesis as slot, b.ledger_hash,
            b.chain_status::text, v.transaction, concat_ws('.', v.transaction, v.network, v.patch) as version
     from blocks b join protocol_versions v on v.id = b.protocol_version_id
     where ${typeof at === "bigint" ? "b.height = $1" : "b.state_hash = $1"}
     order by b.chain_status <> 'canonical', b.state_hash`,
    [at],
  );
  const [first, second] = rows;
  if (first === undefined) throw await noSuchBlock(target, at);
  if (second !== undefined && first.chain_status !== "canonical") {
    const hashes = rows.map(({ state_hash, chain_status }) => `${state_hash} (${chain_status})`);
    throw new UsageError(
      `${target.maskedUrl} holds ${rows.length} blocks at height ${first.height}, none of them canonical: ` +
        hashes.join(", "),
      { hint: "name one of them: --at STATE_HASH" },
    );
  }
  if (`${first.transaction}` !== PROTOCOL_1X) {
    throw new ConfigError(
      `block ${first.state_hash} at height ${first.height} of ${target.maskedUrl} is of protocol version ` +
        `${first.version}, expected one of protocol 1.x, whose ledger hash forklift recomputes`,
      { hint: "give --at a height up to the last pre-fork block" },
    );
  }
  return blockOf(first);
}

async function noSuchBlock(target: Session, at: bigint | StateHash): Promise<UsageError> {
  const [range] = await target.query<{ lowest: string | null; highest: string | null }>(
    "select min(height) as lowest, max(height) as highest from blocks",
  );
  const where = typeof at === "bigint" ? `at height ${at}` : at;
  return new UsageError(
    `${target.maskedUrl} holds no block ${where}; it holds heights ${range?.lowest} to ${range?.highest}`,
    {
      hint: "give --at a height of that range, or the state hash of a block that the archive holds",
    },
  );
}

function blockOf(row: Row): AskedBlock {
  try {
    return {
      height: BigInt(row.height),
      stateHash: parseStateHash(row.state_hash),
      globalSlotSinceGenesis: parseGlobalSlotSinceGenesis(row.slot),
      ledgerHash: row.ledger_hash,
      chainStatus: row.chain_status,
    };
  } catch (cause) {
    if (!(cause instanceof FormatError)) throw cause;
    throw new ConfigError(
      `the target's block at height ${row.height} was changed: ${cause.message}`,
      {
        cause,
        hint: "start again from an empty target, or restore an older set",
      },
    );
  }
}
