// Precomputed blocks replayed from the genesis ledger on, with the rows that the archive of a node has
// of their commands.

import type { Account, GlobalSlotSinceGenesis, PublicKey } from "@forklift/chain";
import { decodeGenesisLedger } from "../src/accounts/genesis-ledger.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import { decodeStagedLedgerDiff } from "../src/block/decode-staged-ledger-diff.ts";
import { transactionsOfDiff } from "../src/block/diff-transactions.ts";
import { includedInternalCommands } from "../src/block/included-commands.ts";
import type { ProtocolState } from "../src/block/protocol-state.ts";
import { hashProtocolState } from "../src/block/protocol-state-hash.ts";
import type { Transaction } from "../src/block/transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { internalCommandRow, userCommandRow } from "./archive-columns.ts";
import type { DumpRow } from "./dump-rows.ts";
import {
  MAINNET_WINNER,
  readGenesisBlock,
  readGenesisLedger,
  unpackBlocks,
} from "./mainnet-data.ts";

export interface ReplayedBlock {
  readonly state: ProtocolState;
  readonly userCommands: readonly DumpRow[];
  readonly internalCommands: readonly DumpRow[];
}

export function genesisAccounts(): Account[] {
  return decodeGenesisLedger(readGenesisLedger(), MAINNET_WINNER);
}

/**
 * By state hash. Each block is applied where its parent left the ledger; rolling back leads from branch
 * to branch.
 * @param blocks rows with `state_hash` and `parent_hash`, genesis among them.
 * @throws Error when a block does not lead to its ledger hash, or is another than its name says.
 */
export async function replayBlocks(
  blocks: readonly DumpRow[],
): Promise<Map<string, ReplayedBlock>> {
  const files = await unpackBlocks();
  const ledger = new Ledger();
  for (const account of genesisAccounts()) ledger.append(account);
  const replayed = new Map<string, ReplayedBlock>();
  const genesis = decodeGenesis();
  replayed.set(hashProtocolState(genesis), {
    state: genesis,
    userCommands: [],
    internalCommands: [],
  });

  const children = new Map<string, string[]>();
  for (const { state_hash: stateHash, parent_hash: parent } of blocks) {
    const siblings = children.get(parent!) ?? [];
    children.set(parent!, siblings);
    siblings.push(stateHash!);
  }
  const replayChildren = (parent: string) => {
    for (const stateHash of children.get(parent) ?? []) {
      const fork = ledger.mark();
      const parentSlot = replayed.get(parent)!.state.body.consensusState.globalSlotSinceGenesis;
      const block = readBlock(files.read(stateHash));
      requireSame(hashProtocolState(block.state), stateHash);
      replayed.set(stateHash, applyBlock(ledger, block, parentSlot as GlobalSlotSinceGenesis));
      replayChildren(stateHash);
      ledger.rollBack(fork);
    }
  };
  replayChildren(hashProtocolState(genesis));
  return replayed;
}

export interface Block {
  readonly state: ProtocolState;
  readonly transactions: readonly Transaction[];
}

export function decodeGenesis(): ProtocolState {
  return decodeProtocolState((readGenesisBlock() as { protocol_state: unknown }).protocol_state);
}

export function readBlock(json: unknown): Block {
  const file = json as { protocol_state: unknown; staged_ledger_diff: unknown };
  const state = decodeProtocolState(file.protocol_state);
  const diff = decodeStagedLedgerDiff(file.staged_ledger_diff);
  return { state, transactions: transactionsOfDiff(diff, state.body.consensusState) };
}

function applyBlock(
  ledger: Ledger,
  { state, transactions }: Block,
  parentSlot: GlobalSlotSinceGenesis,
): ReplayedBlock {
  const userCommands: DumpRow[] = [];
  const internalBalances: Map<PublicKey, string>[] = [];
  const balance = (key: PublicKey) => {
    const index = ledger.indexOf(key);
    return index === undefined ? null : `${key} ${ledger.table.balance(index)}`;
  };
  for (const [sequenceNo, transaction] of transactions.entries()) {
    const outcome = applyTransaction(ledger, transaction, parentSlot);
    if (transaction.kind === "user_command") {
      userCommands.push(userCommandRow(sequenceNo, transaction, outcome, balance));
    }
    const receivers = receiversOf(transaction);
    internalBalances.push(new Map(receivers.map((key) => [key, balance(key)!])));
  }
  requireSame(ledger.ledgerHash(), state.body.blockchainState.stagedLedgerHash.nonSnark.ledgerHash);
  const internalCommands = includedInternalCommands(transactions).map((included) =>
    internalCommandRow(
      included,
      internalBalances[included.sequenceNo]!.get(included.command.receiver)!,
    ),
  );
  return { state, userCommands, internalCommands };
}

function receiversOf(transaction: Transaction): readonly PublicKey[] {
  switch (transaction.kind) {
    case "user_command":
      return [];
    case "fee_transfer":
      return transaction.transfers.map(({ receiver }) => receiver);
    case "coinbase":
      return [transaction.receiver, transaction.feeTransfer?.receiver ?? transaction.receiver];
  }
}

function requireSame(hash: string, recorded: string): void {
  if (hash !== recorded) throw new Error(`a block has the hash ${hash}, recorded is ${recorded}`);
}
