// The rows that an archive node of protocol 1.x would have written for the sample's blocks.
//
// Memory holds what later rows refer to: ids of keys, of ledger hashes and of internal commands,
// which repeat, and of the latest user commands and epochs, which only rival blocks share.

import type { IncludedInternalCommand, PublicKey, StateHash, UserCommand } from "@forklift/chain";
import {
  ACCOUNT_CREATION_FEE,
  type Account,
  type EpochData,
  includedInternalCommands,
  type ProtocolState,
} from "@forklift/ledger";
import type { SampleBlock } from "./compose-block.ts";
import type { Genesis } from "./genesis.ts";
import { IdMap } from "./id-map.ts";
import type { Applied } from "./ledger-session.ts";
import type { Spool } from "./spool.ts";

/** Blocks of rival branches that still refer to what they share with each other. */
const RECENT_BLOCKS_MAX = 64;
const RECENT_COMMANDS_MAX = 4_096;
/** Of an epoch's data two rows a block, and the staking epoch's as long as it lasts. */
const RECENT_EPOCHS_MAX = 256;

const DEFAULT_TOKEN = 1n;

/** Whether a block is on the canonical chain; its row says so only once it is deep enough. */
export type Branch = "canonical" | "rival";

export interface Archive {
  addGenesis(genesis: Genesis): void;
  addBlock(block: SampleBlock, branch: Branch): void;
  /** The last id of every table that counts its rows. */
  lastIds(): ReadonlyMap<string, number>;
}

interface BalanceKey {
  readonly publicKey: PublicKey;
  readonly balance: bigint;
  readonly blockId: number;
  readonly height: bigint;
  readonly sequenceNo: number;
  readonly secondarySequenceNo: number;
}

export function createArchive(spool: Spool): Archive {
  const keys = new IdMap();
  const ledgerHashes = new IdMap();
  const internalCommands = new IdMap();
  const userCommands = new IdMap(RECENT_COMMANDS_MAX);
  const epochs = new IdMap(RECENT_EPOCHS_MAX);
  const blocks = new IdMap(RECENT_BLOCKS_MAX);
  let balanceId = 0;
  let timingId = 0;

  const keyId = (key: PublicKey): number =>
    keys.find(key, (id) => spool.append("public_keys", [id, key]));

  const ledgerHashId = (hash: string): number =>
    ledgerHashes.find(hash, (id) => spool.append("snarked_ledger_hashes", [id, hash]));

  const epochId = ({ seed, ledger }: EpochData): number =>
    epochs.find(`${seed} ${ledger.hash}`, (id) =>
      spool.append("epoch_data", [id, seed, ledgerHashId(ledger.hash)]),
    );

  function addTiming({ publicKey, balance, timing }: Account): void {
    const id = keyId(publicKey);
    if (timing === null) return;
    timingId += 1;
    spool.append("timing_info", [
      ...[timingId, id, DEFAULT_TOKEN, balance, timing.initialMinimumBalance, timing.cliffTime],
      ...[timing.cliffAmount, timing.vestingPeriod, timing.vestingIncrement],
    ]);
  }

  /** Column `chain_status` is left out; in its place in front stands what the dump decides it by. */
  function addBlockRow(stateHash: StateHash, state: ProtocolState, branch: Branch): number {
    const { blockchainState, consensusState } = state.body;
    const parentHash = state.previousStateHash;
    const parentId = blocks.get(parentHash) ?? null;
    const creatorId = keyId(consensusState.blockCreator);
    const winnerId = keyId(consensusState.blockStakeWinner);
    const snarkedId = ledgerHashId(blockchainState.snarkedLedgerHash);
    const epochIds = [
      epochId(consensusState.stakingEpochData),
      epochId(consensusState.nextEpochData),
    ];
    const height = consensusState.blockchainLength;
    return blocks.find(stateHash, (id) =>
      spool.append("blocks", [
        ...[branch, id, stateHash, parentId, parentHash, creatorId, winnerId, snarkedId],
        ...[...epochIds, blockchainState.stagedLedgerHash.nonSnark.ledgerHash, height],
        ...[consensusState.currGlobalSlot.slotNumber, consensusState.globalSlotSinceGenesis],
        blockchainState.timestamp,
      ]),
    );
  }

  function addBalance(balance: BalanceKey, nonce: bigint | null): number {
    balanceId += 1;
    spool.append("balances", [
      ...[balanceId, keyId(balance.publicKey), balance.balance, balance.blockId, balance.height],
      ...[balance.sequenceNo, balance.secondarySequenceNo, nonce],
    ]);
    return balanceId;
  }

  function userCommandId(command: UserCommand): number {
    const { feePayer, source, receiver } = command;
    const keyIds = [keyId(feePayer), keyId(source), keyId(receiver)];
    return userCommands.find(command.hash, (id) =>
      spool.append("user_commands", [
        ...[id, command.type, ...keyIds, DEFAULT_TOKEN, DEFAULT_TOKEN, command.nonce],
        ...[command.amount, command.fee, command.validUntil, command.memo, command.hash],
      ]),
    );
  }

  function addUserCommand(place: BlockPlace, applied: Applied, command: UserCommand): void {
    const { outcome, balances, opened } = applied;
    const { feePayer, source, receiver } = command;
    // One row a key: fee payer, source and receiver are often the same.
    const rows = new Map<PublicKey, number>();
    for (const publicKey of new Set([feePayer, source, receiver])) {
      const balance = balances.get(publicKey);
      if (balance === undefined) continue;
      const key = { ...place, publicKey, balance, secondarySequenceNo: 0 };
      rows.set(publicKey, addBalance(key, publicKey === feePayer ? command.nonce + 1n : null));
    }
    spool.append("blocks_user_commands", [
      ...[place.blockId, userCommandId(command), place.sequenceNo],
      ...[outcome.status, outcome.failureReason, null],
      ...[opened.has(receiver) ? ACCOUNT_CREATION_FEE : null, null],
      ...[rows.get(feePayer)!, rows.get(source) ?? null, rows.get(receiver) ?? null],
    ]);
  }

  function addInternalCommand(
    { blockId, height }: Omit<BlockPlace, "sequenceNo">,
    { command, sequenceNo, secondarySequenceNo }: IncludedInternalCommand,
    { balances, opened }: Applied,
  ): void {
    const { type, receiver, fee, hash } = command;
    const receiverId = keyId(receiver);
    const commandId = internalCommands.find(`${type} ${hash}`, (id) =>
      spool.append("internal_commands", [id, type, receiverId, fee, DEFAULT_TOKEN, hash]),
    );
    const balance = balances.get(receiver)!;
    const key = { publicKey: receiver, balance, blockId, height, sequenceNo, secondarySequenceNo };
    spool.append("blocks_internal_commands", [
      ...[blockId, commandId, sequenceNo, secondarySequenceNo],
      ...[opened.has(receiver) ? ACCOUNT_CREATION_FEE : null, addBalance(key, null)],
    ]);
  }

  return {
    addGenesis({ accounts, state, stateHash }) {
      for (const account of accounts) addTiming(account);
      addBlockRow(stateHash, state, "canonical");
    },

    addBlock({ height, stateHash, state, applied }, branch) {
      const blockId = addBlockRow(stateHash, state, branch);
      for (const [sequenceNo, { transaction }] of applied.entries()) {
        if (transaction.kind !== "user_command") continue;
        const place = { blockId, height, sequenceNo };
        addUserCommand(place, applied[sequenceNo]!, transaction.command);
      }
      const transactions = applied.map(({ transaction }) => transaction);
      for (const command of includedInternalCommands(transactions)) {
        addInternalCommand({ blockId, height }, command, applied[command.sequenceNo]!);
      }
    },

    lastIds: () =>
      new Map([
        ["balances", balanceId],
        ["blocks", blocks.last],
        ["epoch_data", epochs.last],
        ["internal_commands", internalCommands.last],
        ["public_keys", keys.last],
        ["snarked_ledger_hashes", ledgerHashes.last],
        ["timing_info", timingId],
        ["user_commands", userCommands.last],
      ]),
  };
}

interface BlockPlace {
  readonly blockId: number;
  readonly height: bigint;
  readonly sequenceNo: number;
}
