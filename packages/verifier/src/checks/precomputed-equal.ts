// Is every column of a block what its protocol state says? The state hash proves that state, so
// this check trusts no archive at all.

import type { EpochData, ProtocolState } from "@forklift/ledger";
import type { WalkCheck } from "../check.ts";
import { compareRows, type Row } from "../compare-rows.ts";
import type { ExpectedForm } from "../context.ts";

const GENESIS_HEIGHT = 1n;

/** Of every block before the Berkeley hard fork; protocol states of 1.x do not mention one. */
const PROTOCOL_VERSION = "2.0.0";

export const precomputedEqual: WalkCheck = {
  id: "precomputed-equal",
  name: "every column of the blocks equals what their recomputed state hashes cover",
  needs: ["blocks"],

  follow({ form }, findings) {
    const table = { table: "blocks", key: ["state_hash"] };
    return {
      see({ place, blocks, precomputed }) {
        const { protocolState: state } = precomputed();
        const row = blocks[0]!;
        findings.rowCompared();
        const expected = {
          state_hash: row["state_hash"]!,
          ...rowOfState(state),
          ...(form && inForm(state, form)),
        };
        compareRows({ ...table, place }, expected, row, findings);
      },
    };
  },
};

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
