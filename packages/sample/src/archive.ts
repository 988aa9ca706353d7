// The rows that an archive node of protocol 1.x would have written for the sample's blocks.
//
// Memory holds what later rows refer to: ids of keys and of internal commands, which come again at
// any time, and the latest ids of what only blocks near each other share.

import type {
  IncludedInternalCommand,
  InternalCommand,
  LedgerHash,
  PublicKey,
  StateHash,
  UserCommand,
} from "@forklift/chain";
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
import type { RowSink } from "./row-buffer.ts";

/** Blocks of rival branches that still refer to what they share with each other. */
const RECENT_BLOCKS_MAX = 64;
const RECENT_COMMANDS_MAX = 4_096;
/** Of an epoch's data two rows a block, and the staking epoch's as long as it lasts. */
const RECENT_EPOCHS_MAX = 256;
const RECENT_LEDGER_HASHES_MAX = 256;

const DEFAULT_TOKEN = 1n;

/** Whether a block is on the canonical chain; its row says so only once it is deep enough. */
export type Branch = "canonical" | "rival";

/** Where in the archive a command stands. */
interface Place {
  readonly blockId: number;
  readonly height: bigint;
  readonly sequenceNo: number;
  readonly secondarySequenceNo: number;
}

export class Archive {
  readonly #buffer: RowSink;
  readonly #keys = new IdMap();
  readonly #ledgerHashes = new IdMap(RECENT_LEDGER_HASHES_MAX);
  readonly #internalCommands = new IdMap();
  readonly #userCommands = new IdMap(RECENT_COMMANDS_MAX);
  readonly #epochs = new IdMap(RECENT_EPOCHS_MAX);
  readonly #blocks = new IdMap(RECENT_BLOCKS_MAX);
  #lastBalanceId = 0;
  #lastTimingId = 0;

  constructor(buffer: RowSink) {
    this.#buffer = buffer;
  }

  addGenesis({ accounts, state, stateHash }: Genesis): void {
    for (const account of accounts) this.#addGenesisAccount(account);
    this.#addBlockRow(stateHash, state, "canonical");
  }

  /** After its parent. */
  addBlock({ height, stateHash, state, applied }: SampleBlock, branch: Branch): void {
    const block = { blockId: this.#addBlockRow(stateHash, state, branch), height };
    for (const [sequenceNo, one] of applied.entries()) {
      if (one.transaction.kind !== "user_command") continue;
      const place = { ...block, sequenceNo, secondarySequenceNo: 0 };
      this.#addUserCommand(place, one, one.transaction.command);
    }
    const transactions = applied.map(({ transaction }) => transaction);
    for (const included of includedInternalCommands(transactions)) {
      this.#addInternalCommand({ ...block, ...included }, included, applied[included.sequenceNo]!);
    }
  }

  /** The last id of every table that counts its rows. */
  lastIds(): ReadonlyMap<string, number> {
    return new Map([
      ["balances", this.#lastBalanceId],
      ["blocks", this.#blocks.last],
      ["epoch_data", this.#epochs.last],
      ["internal_commands", this.#internalCommands.last],
      ["public_keys", this.#keys.last],
      ["snarked_ledger_hashes", this.#ledgerHashes.last],
      ["timing_info", this.#lastTimingId],
      ["user_commands", this.#userCommands.last],
    ]);
  }

  #addGenesisAccount({ publicKey, balance, timing }: Account): void {
    const keyId = this.#keyId(publicKey);
    if (timing === null) return;
    this.#lastTimingId += 1;
    this.#buffer.append("timing_info", [
      ...[this.#lastTimingId, keyId, DEFAULT_TOKEN, balance, timing.initialMinimumBalance],
      ...[timing.cliffTime, timing.cliffAmount, timing.vestingPeriod, timing.vestingIncrement],
    ]);
  }

  /** Column `chain_status` is left out; what a dump decides it by stands in front instead. */
  #addBlockRow(stateHash: StateHash, state: ProtocolState, branch: Branch): number {
    const { blockchainState, consensusState } = state.body;
    const parentHash = state.previousStateHash;
    const references = [
      this.#keyId(consensusState.blockCreator),
      this.#keyId(consensusState.blockStakeWinner),
      this.#ledgerHashId(blockchainState.snarkedLedgerHash),
      this.#epochId(consensusState.stakingEpochData),
      this.#epochId(consensusState.nextEpochData),
    ];
    const parentId = this.#blocks.get(parentHash) ?? null;
    return this.#blocks.find(stateHash, (id) =>
      this.#buffer.append("blocks", [
        ...[branch, id, stateHash, parentId, parentHash, ...references],
        blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
        ...[consensusState.blockchainLength, consensusState.currGlobalSlot.slotNumber],
        ...[consensusState.globalSlotSinceGenesis, blockchainState.timestamp],
      ]),
    );
  }

  #addUserCommand(place: Place, { outcome, balances, opened }: Applied, command: UserCommand) {
    const { feePayer, source, receiver } = command;
    // One row a key: fee payer, source and receiver are often the same.
    const balanceIds = new Map<PublicKey, number>();
    for (const key of new Set([feePayer, source, receiver])) {
      const balance = balances.get(key);
      if (balance === undefined) continue;
      const nonce = key === feePayer ? command.nonce + 1n : null;
      balanceIds.set(key, this.#addBalance(place, { key, balance, nonce }));
    }
    this.#buffer.append("blocks_user_commands", [
      ...[place.blockId, this.#userCommandId(command), place.sequenceNo],
      ...[outcome.status, outcome.failureReason, null],
      ...[opened.has(receiver) ? ACCOUNT_CREATION_FEE : null, null],
      ...[feePayer, source, receiver].map((key) => balanceIds.get(key) ?? null),
    ]);
  }

  #addInternalCommand(
    place: Place,
    { command }: IncludedInternalCommand,
    { balances, opened }: Applied,
  ): void {
    const { receiver: key } = command;
    const balanceId = this.#addBalance(place, { key, balance: balances.get(key)!, nonce: null });
    this.#buffer.append("blocks_internal_commands", [
      ...[place.blockId, this.#internalCommandId(command)],
      ...[place.sequenceNo, place.secondarySequenceNo],
      ...[opened.has(key) ? ACCOUNT_CREATION_FEE : null, balanceId],
    ]);
  }

  #addBalance(
    { blockId, height, sequenceNo, secondarySequenceNo }: Place,
    of: { readonly key: PublicKey; readonly balance: bigint; readonly nonce: bigint | null },
  ): number {
    this.#lastBalanceId += 1;
    this.#buffer.append("balances", [
      ...[this.#lastBalanceId, this.#keyId(of.key), of.balance, blockId, height],
      ...[sequenceNo, secondarySequenceNo, of.nonce],
    ]);
    return this.#lastBalanceId;
  }

  #userCommandId(command: UserCommand): number {
    const { feePayer, source, receiver } = command;
    const keyIds = [feePayer, source, receiver].map((key) => this.#keyId(key));
    return this.#userCommands.find(command.hash, (id) =>
      this.#buffer.append("user_commands", [
        ...[id, command.type, ...keyIds, DEFAULT_TOKEN, DEFAULT_TOKEN, command.nonce],
        ...[command.amount, command.fee, command.validUntil, command.memo, command.hash],
      ]),
    );
  }

  #internalCommandId({ type, receiver, fee, hash }: InternalCommand): number {
    const receiverId = this.#keyId(receiver);
    return this.#internalCommands.find(`${type} ${hash}`, (id) =>
      this.#buffer.append("internal_commands", [id, type, receiverId, fee, DEFAULT_TOKEN, hash]),
    );
  }

  #keyId(key: PublicKey): number {
    return this.#keys.find(key, (id) => this.#buffer.append("public_keys", [id, key]));
  }

  #ledgerHashId(hash: LedgerHash): number {
    return this.#ledgerHashes.find(hash, (id) =>
      this.#buffer.append("snarked_ledger_hashes", [id, hash]),
    );
  }

  #epochId({ seed, ledger }: EpochData): number {
    const ledgerHashId = this.#ledgerHashId(ledger.hash);
    return this.#epochs.find(`${seed} ${ledger.hash}`, (id) =>
      this.#buffer.append("epoch_data", [id, seed, ledgerHashId]),
    );
  }
}
