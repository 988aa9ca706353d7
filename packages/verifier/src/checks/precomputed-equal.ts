// Is every column of a block what its protocol state says? The state hash vouches for that state,
// so this check believes no archive at all.

import { formatErrorAt, parseStateHash, parseUnsigned, UINT32_MAX } from "@forklift/chain";
import type { EpochData, ProtocolState } from "@forklift/ledger";
import type { Session } from "@forklift/postgres";
import type { BlockId, BlockSources } from "@forklift/precomputed";
import type { ArchiveCheck, Scope } from "../check.ts";
import { compareRows, type Row } from "../compare-streams.ts";
import type { ExpectedForm } from "../world.ts";

const GENESIS_HEIGHT = 1n;

/** Of every block before the Berkeley hard fork; protocol states of 1.x do not mention one. */
const PROTOCOL_VERSION = "2.0.0";

export const precomputedEqual: ArchiveCheck = {
  id: "precomputed-equal",
  name: "blocks equal the precomputed blocks",

  async run(scope, findings) {
    for await (const { row, state } of rowsWithStates(scope)) {
      findings.rowCompared();
      const key = { height: "integer", state_hash: "text" } as const;
      const expected = {
        ...rowOfState(state),
        ...(scope.form && inForm(state, scope.form)),
        state_hash: row["state_hash"] ?? null,
      };
      compareRows({ table: "blocks", key, expected, found: row }, findings);
    }
  },
};

interface RowWithState {
  readonly row: Row;
  readonly state: ProtocolState;
}

async function* rowsWithStates(scope: Scope): AsyncGenerator<RowWithState> {
  const { target, blocks, provenHeight } = scope;
  if (provenHeight < GENESIS_HEIGHT) yield* genesisWithState(scope);
  const above = provenHeight < GENESIS_HEIGHT ? GENESIS_HEIGHT : provenHeight;
  yield* withFetchedStates(blockRows(target, "b.height > $1", above), blocks);
}

/** No public bucket holds height 1; the preset's state was proven by its hash when loaded. */
async function* genesisWithState(scope: Scope): AsyncGenerator<RowWithState> {
  const { target, blocks, network } = scope;
  for await (const row of blockRows(target, "b.height = $1", GENESIS_HEIGHT)) {
    const fetched = await blocks.tryFetch(idOf(row));
    yield { row, state: fetched?.protocolState ?? network.genesis.protocolState };
  }
}

/** Block files are fetched several at a time; the rows ahead of them wait in a short queue. */
async function* withFetchedStates(
  rows: AsyncGenerator<Row>,
  blocks: BlockSources,
): AsyncGenerator<RowWithState> {
  const waiting: Row[] = [];
  async function* ids(): AsyncGenerator<BlockId> {
    for await (const row of rows) {
      waiting.push(row);
      yield idOf(row);
    }
  }
  try {
    for await (const { protocolState } of blocks.fetchAll(ids())) {
      yield { row: waiting.shift()!, state: protocolState };
    }
  } finally {
    // After a failed fetch the cursor may still be open, and its session busy.
    await rows.return(undefined);
  }
}

function blockRows(target: Session, where: string, height: bigint): AsyncGenerator<Row> {
  return target.rows<Row>(
    `select b.height, b.state_hash, b.parent_hash, b.ledger_hash,
            b.global_slot_since_hard_fork, b.global_slot_since_genesis, b."timestamp",
            creator.value as creator, winner.value as block_winner, b.last_vrf_output,
            snarked.value as snarked_ledger_hash, b.min_window_density,
            b.sub_window_densities::text, b.total_currency,
            ${epochColumns("staking")}, ${epochColumns("next")},
            concat_ws('.', version.transaction, version.network, version.patch)
              as protocol_version,
            b.proposed_protocol_version_id::text as proposed_protocol_version
     from blocks b
     left join public_keys creator on creator.id = b.creator_id
     left join public_keys winner on winner.id = b.block_winner_id
     left join snarked_ledger_hashes snarked on snarked.id = b.snarked_ledger_hash_id
     left join epoch_data staking on staking.id = b.staking_epoch_data_id
     left join snarked_ledger_hashes staking_ledger on staking_ledger.id = staking.ledger_hash_id
     left join epoch_data next on next.id = b.next_epoch_data_id
     left join snarked_ledger_hashes next_ledger on next_ledger.id = next.ledger_hash_id
     left join protocol_versions version on version.id = b.protocol_version_id
     where ${where}
     order by b.height, b.state_hash collate "C"`,
    [height],
  );
}

function epochColumns(epoch: "staking" | "next"): string {
  return `${epoch}_ledger.value as ${epoch}_epoch_ledger_hash,
          ${epoch}.total_currency as ${epoch}_epoch_total_currency,
          ${epoch}.seed as ${epoch}_epoch_seed,
          ${epoch}.start_checkpoint as ${epoch}_epoch_start_checkpoint,
          ${epoch}.lock_checkpoint as ${epoch}_epoch_lock_checkpoint,
          ${epoch}.epoch_length as ${epoch}_epoch_length`;
}

/** The row that the block must have, but for its state hash. */
function rowOfState({ previousStateHash, body }: ProtocolState): Row {
  const { blockchainState, consensusState } = body;
  return {
    height: String(consensusState.blockchainLength),
    parent_hash: previousStateHash,
    ledger_hash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
    global_slot_since_hard_fork: String(consensusState.currGlobalSlot.slotNumber),
    global_slot_since_genesis: String(consensusState.globalSlotSinceGenesis),
    timestamp: String(blockchainState.timestamp),
    creator: consensusState.blockCreator,
    block_winner: consensusState.blockStakeWinner,
    last_vrf_output: consensusState.lastVrfOutput,
    snarked_ledger_hash: blockchainState.snarkedLedgerHash,
    min_window_density: String(consensusState.minWindowDensity),
    sub_window_densities: `{${consensusState.subWindowDensities.join(",")}}`,
    total_currency: String(consensusState.totalCurrency),
    ...rowOfEpoch("staking", consensusState.stakingEpochData),
    ...rowOfEpoch("next", consensusState.nextEpochData),
    protocol_version: PROTOCOL_VERSION,
    proposed_protocol_version: null,
  };
}

/** The columns that the official form writes otherwise; none in our own. */
function inForm({ body }: ProtocolState, form: ExpectedForm): Row {
  const { blockchainLength, lastVrfOutput } = body.consensusState;
  const { officialGenesis: genesis } = form;
  if (blockchainLength > GENESIS_HEIGHT) {
    if (!form.isVrfOutputOfficial) return {};
    // The text once more as base64 in the URL alphabet, which Node writes without padding: 44
    // characters have two bytes too many for whole groups of three, hence one equals sign.
    return { last_vrf_output: `${Buffer.from(lastVrfOutput).toString("base64url")}=` };
  }
  if (genesis === null) return {};
  const epoch = (value: NonNullable<typeof genesis>["nextEpochData"]): EpochData => ({
    ...value,
    ledger: { hash: value.ledgerHash, totalCurrency: value.totalCurrency },
  });
  return {
    last_vrf_output: genesis.lastVrfOutput,
    snarked_ledger_hash: genesis.snarkedLedgerHash,
    ...rowOfEpoch("staking", epoch(genesis.stakingEpochData)),
    ...rowOfEpoch("next", epoch(genesis.nextEpochData)),
  };
}

function rowOfEpoch(epoch: "staking" | "next", value: EpochData): Row {
  return {
    [`${epoch}_epoch_ledger_hash`]: value.ledger.hash,
    [`${epoch}_epoch_total_currency`]: String(value.ledger.totalCurrency),
    [`${epoch}_epoch_seed`]: value.seed,
    [`${epoch}_epoch_start_checkpoint`]: value.startCheckpoint,
    [`${epoch}_epoch_lock_checkpoint`]: value.lockCheckpoint,
    [`${epoch}_epoch_length`]: String(value.epochLength),
  };
}

/** @throws FormatError naming the height. */
function idOf(row: Row): BlockId {
  const height = row["height"] ?? "";
  try {
    return {
      height: parseUnsigned(height, UINT32_MAX),
      stateHash: parseStateHash(row["state_hash"] ?? ""),
    };
  } catch (error) {
    throw formatErrorAt(`block at height ${height}`, error);
  }
}
