// The columns of an archive of protocol 1.x, as they follow from a block and from what its commands did.
// A reference is what it stands for, a balance its key and nanomina.

import type { Account, IncludedInternalCommand, PublicKey } from "@forklift/chain";
import type { EpochData, ProtocolState } from "../src/block/protocol-state.ts";
import { ACCOUNT_CREATION_FEE, type Outcome, type Transaction } from "../src/block/transaction.ts";
import type { DumpRow } from "./dump-rows.ts";

/** How the archive writes that only the default token was used. */
const DEFAULT_TOKEN = "1";

/** @param balance of an account after the command; null when there is none. */
export function userCommandRow(
  sequenceNo: number,
  { command }: Transaction & { kind: "user_command" },
  { status, failureReason, created }: Outcome,
  balance: (key: PublicKey) => string | null,
): DumpRow {
  const { type, feePayer, source, receiver, nonce, amount, fee, validUntil, memo, hash } = command;
  return {
    sequence_no: `${sequenceNo}`,
    status,
    failure_reason: failureReason,
    fee_payer_account_creation_fee_paid: null,
    receiver_account_creation_fee_paid: created.length > 0 ? `${ACCOUNT_CREATION_FEE}` : null,
    created_token: null,
    fee_payer_balance: balance(feePayer),
    source_balance: balance(source),
    receiver_balance: balance(receiver),
    type,
    fee_payer_id: feePayer,
    source_id: source,
    receiver_id: receiver,
    fee_token: DEFAULT_TOKEN,
    token: DEFAULT_TOKEN,
    nonce: `${nonce}`,
    amount: amount === null ? null : `${amount}`,
    fee: `${fee}`,
    valid_until: validUntil === null ? null : `${validUntil}`,
    memo,
    hash,
  };
}

export function internalCommandRow(
  { command, sequenceNo, secondarySequenceNo }: IncludedInternalCommand,
  receiverBalance: string,
): DumpRow {
  const { type, receiver, fee, hash } = command;
  return {
    sequence_no: `${sequenceNo}`,
    secondary_sequence_no: `${secondarySequenceNo}`,
    receiver_balance: receiverBalance,
    type,
    receiver_id: receiver,
    fee: `${fee}`,
    token: DEFAULT_TOKEN,
    hash,
  };
}

export function blockRow(stateHash: string, { previousStateHash, body }: ProtocolState): DumpRow {
  const { blockchainState, consensusState } = body;
  const isGenesis = consensusState.blockchainLength === 1n;
  return {
    state_hash: stateHash,
    parent_id: isGenesis ? null : previousStateHash,
    parent_hash: previousStateHash,
    creator_id: consensusState.blockCreator,
    block_winner_id: consensusState.blockStakeWinner,
    snarked_ledger_hash_id: blockchainState.snarkedLedgerHash,
    staking_epoch_data_id: epochText(consensusState.stakingEpochData),
    next_epoch_data_id: epochText(consensusState.nextEpochData),
    ledger_hash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
    height: `${consensusState.blockchainLength}`,
    global_slot: `${consensusState.currGlobalSlot.slotNumber}`,
    global_slot_since_genesis: `${consensusState.globalSlotSinceGenesis}`,
    timestamp: `${blockchainState.timestamp}`,
  };
}

function epochText({ seed, ledger }: EpochData): string {
  return `${seed} ${ledger.hash}`;
}

/** Without a schedule all of it is zero. */
export function timingRow({ publicKey, balance, timing }: Account): DumpRow {
  return {
    public_key_id: publicKey,
    token: DEFAULT_TOKEN,
    initial_balance: `${balance}`,
    initial_minimum_balance: `${timing?.initialMinimumBalance ?? 0n}`,
    cliff_time: `${timing?.cliffTime ?? 0n}`,
    cliff_amount: `${timing?.cliffAmount ?? 0n}`,
    vesting_period: `${timing?.vestingPeriod ?? 0n}`,
    vesting_increment: `${timing?.vestingIncrement ?? 0n}`,
  };
}
