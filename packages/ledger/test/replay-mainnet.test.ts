// Every real block of heights 2 to 2025, orphans included, against everything that is recorded of it:
// in its name, in the block itself, and in the rows of four nightly dumps.
// @module-tag only-in-all

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeGenesisLedger } from "../src/accounts/genesis-ledger.ts";
import { applyTransaction } from "../src/apply/apply-transaction.ts";
import { decodeProtocolState } from "../src/block/decode-protocol-state.ts";
import { decodeStagedLedgerDiff } from "../src/block/decode-staged-ledger-diff.ts";
import { transactionsOfDiff } from "../src/block/diff-transactions.ts";
import { includedInternalCommands } from "../src/block/included-commands.ts";
import { hashProtocolState } from "../src/block/protocol-state-hash.ts";
import type { Outcome, Transaction } from "../src/block/transaction.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { type ArchivedRows, readArchivedRows } from "./archived-rows.ts";
import {
  type JsonBlock,
  type RecordedTransaction,
  transactionsOfBlock,
} from "./block-transactions.ts";
import { hasMainnetData, MAINNET_WINNER, readGenesisLedger, unpackBlocks } from "./mainnet-data.ts";

const GENESIS_BLOCK = "3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ";
const GENESIS_LEDGER_HASH = "jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee";

/** A block as far as its replay needs it. */
interface ReplayedBlock {
  readonly height: bigint;
  readonly stateHash: string;
  readonly slot: GlobalSlotSinceGenesis;
  readonly ledgerHash: string;
  readonly transactions: readonly Transaction[];
  /** The same transactions, worked out apart, with what the block says came of them. */
  readonly recorded: readonly RecordedTransaction[];
}

/** All blocks by the state hash of their parent. Each file is read and parsed once. */
async function readBlocks(): Promise<Map<string, ReplayedBlock[]>> {
  const files = await unpackBlocks();
  const children = new Map<string, ReplayedBlock[]>();
  for (const { height, stateHash } of files.names) {
    const json = files.read(stateHash) as JsonBlock;
    const state = decodeProtocolState(json.protocol_state);
    expect(hashProtocolState(state)).toBe(stateHash);
    const { consensusState, blockchainState } = state.body;
    expect(consensusState.blockchainLength).toBe(height);
    const diff = decodeStagedLedgerDiff(json.staged_ledger_diff);
    const siblings = children.get(state.previousStateHash) ?? [];
    children.set(state.previousStateHash, siblings);
    siblings.push({
      height,
      stateHash,
      slot: consensusState.globalSlotSinceGenesis as GlobalSlotSinceGenesis,
      ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
      transactions: transactionsOfDiff(diff, consensusState),
      recorded: transactionsOfBlock(json, state),
    });
  }
  return children;
}

/** The block's rows in the words of `ArchivedRows`, as the ledger has worked them out. */
function rowsOf(transactions: readonly Transaction[], outcomes: readonly Outcome[]): string[] {
  const user = transactions.flatMap((transaction, sequenceNo) => {
    if (transaction.kind !== "user_command") return [];
    const { status, failureReason } = outcomes[sequenceNo]!;
    return [[sequenceNo, transaction.command.hash, status, failureReason].join(" ")];
  });
  const internal = includedInternalCommands(transactions).map(
    ({ command: { type, receiver, fee, hash }, sequenceNo, secondarySequenceNo }) =>
      [sequenceNo, secondarySequenceNo, type, receiver, fee, hash].join(" "),
  );
  return [...user, ...internal].sort();
}

/** What a transaction does, without the hash that the independent account of it does not have. */
function withoutHash(transaction: Transaction): Transaction {
  if (transaction.kind !== "user_command") return transaction;
  return { ...transaction, command: { ...transaction.command, hash: "of a test" as never } };
}

describe.skipIf(!hasMainnetData)("mainnet", () => {
  let children: Map<string, ReplayedBlock[]>;
  let archived: ArchivedRows;
  const ledger = new Ledger();
  const hashesSeen = new Set<string>();
  const counts = {
    blocks: 0,
    transactions: 0,
    balances: 0,
    failed: 0,
    created: 0,
    archivedBlocks: 0,
    archivedRows: 0,
  };

  beforeAll(async () => {
    for (const account of decodeGenesisLedger(readGenesisLedger(), MAINNET_WINNER)) {
      ledger.append(account);
    }
    children = await readBlocks();
    archived = readArchivedRows();
  });

  test("the genesis ledger has the hash in the genesis block", () => {
    expect(ledger.accountCount).toBe(1676);
    expect(ledger.ledgerHash()).toBe(GENESIS_LEDGER_HASH);
  });

  test("every block leads to its ledger hash, with every status, balance and archived row", () => {
    replayBranches(GENESIS_BLOCK, 0n as GlobalSlotSinceGenesis);
    expect(counts).toStrictEqual({
      blocks: 3_915,
      transactions: 18_489,
      balances: 40_528,
      failed: 37,
      created: 258,
      archivedBlocks: 3_881,
      archivedRows: 18_218,
    });
    // Nothing that the dumps hold was passed over.
    expect(archived.byBlock.size).toBe(counts.archivedBlocks);
    expect(hashesSeen).toStrictEqual(archived.hashes);
    expect(ledger.accountCount).toBe(1676);
    expect(ledger.ledgerHash()).toBe(GENESIS_LEDGER_HASH);
  });

  /** Each branch begins where its parent left the ledger, to which rolling back leads. */
  function replayBranches(parent: string, parentSlot: GlobalSlotSinceGenesis): void {
    for (const block of children.get(parent) ?? []) {
      const fork = ledger.mark();
      replay(block, parentSlot);
      replayBranches(block.stateHash, block.slot);
      ledger.rollBack(fork);
    }
  }

  function replay(block: ReplayedBlock, parentSlot: GlobalSlotSinceGenesis): void {
    const { transactions, recorded, stateHash } = block;
    const at = `height ${block.height}, ${stateHash}`;
    expect(transactions.map(withoutHash), at).toStrictEqual(
      recorded.map(({ transaction }) => transaction),
    );
    const outcomes = transactions.map((transaction, index) => {
      const outcome = applyTransaction(ledger, transaction, parentSlot);
      const { status, failureReason, balances } = recorded[index]!;
      expect([outcome.status, outcome.failureReason], at).toStrictEqual([status, failureReason]);
      for (const [key, balance] of balances) {
        expect(ledger.table.balance(ledger.indexOf(key)!), `${at}: ${key}`).toBe(balance);
      }
      counts.balances += balances.length;
      counts.failed += outcome.status === "failed" ? 1 : 0;
      counts.created += outcome.created.length;
      return outcome;
    });
    expect(ledger.ledgerHash(), at).toBe(block.ledgerHash);
    counts.blocks += 1;
    counts.transactions += transactions.length;
    const rows = archived.byBlock.get(stateHash);
    if (rows === undefined) return; // it has no commands, or came and went between two nights
    expect(rowsOf(transactions, outcomes), at).toStrictEqual(rows);
    for (const row of rows) hashesSeen.add(row.match(/Ckp\w+/)![0]);
    counts.archivedBlocks += 1;
    counts.archivedRows += rows.length;
  }
});
