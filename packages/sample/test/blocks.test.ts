// The block files, replayed without the generator: from the genesis ledger alone, rivals included.

import { readFile } from "node:fs/promises";
import path from "node:path";
import { fieldOfHash, type GlobalSlotSinceGenesis, type StateHash } from "@forklift/chain";
import {
  type Account,
  applyTransaction,
  decodeGenesisLedger,
  decodeProtocolState,
  decodeStagedLedgerDiff,
  hashProtocolState,
  Ledger,
  newAccount,
  type ProtocolState,
  type StagedLedgerDiff,
  transactionsOfDiff,
} from "@forklift/ledger";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { openSample, readBlocks, type SampleFolder, SMALL } from "./sample-folder.ts";

interface Block {
  readonly height: bigint;
  readonly stateHash: string;
  readonly state: ProtocolState;
  readonly diff: StagedLedgerDiff;
}

let sample: SampleFolder;
let blocks: Block[];

beforeAll(async () => {
  // Few accounts: the ledger is built anew for every block.
  sample = await openSample({ ...SMALL, accounts: 40 });
  blocks = (await readBlocks(sample.folder)).map(({ height, stateHash, json }) => ({
    height,
    stateHash,
    state: decodeProtocolState(json.protocol_state),
    diff: decodeStagedLedgerDiff(json.staged_ledger_diff),
  }));
});

afterAll(async () => {
  await sample[Symbol.asyncDispose]();
});

test("every block has the state hash and the height of its name, and a parent below it", () => {
  const heights = new Map(blocks.map(({ stateHash, height }) => [stateHash, height]));
  for (const { height, stateHash, state } of blocks) {
    expect(hashProtocolState(state)).toBe(stateHash);
    expect(state.body.consensusState.blockchainLength).toBe(height);
    if (height > 1n) expect(heights.get(state.previousStateHash)).toBe(height - 1n);
  }
  expect(blocks.length).toBeGreaterThan(65);
});

test("every block replays to its ledger hash, with the statuses and balances it records", async () => {
  const ledgers = new Map<StateHash, readonly Account[]>();
  const states = new Map(blocks.map(({ stateHash, state }) => [stateHash, state]));
  for (const { height, stateHash, state, diff } of blocks) {
    const { consensusState, blockchainState } = state.body;
    const parent = ledgers.get(state.previousStateHash) ?? (await genesisAccounts());
    const ledger = new Ledger(parent);
    const parentState = states.get(state.previousStateHash)?.body.consensusState;
    const parentSlot = (parentState?.globalSlotSinceGenesis ?? 0n) as GlobalSlotSinceGenesis;
    if (height > 1n) {
      expect(consensusState.globalSlotSinceGenesis).toBeGreaterThan(parentSlot);
      replay(ledger, { diff, state, parentSlot });
    }
    expect(ledger.ledgerHash()).toBe(blockchainState.stagedLedgerHash.nonSnark.ledgerHash);
    ledgers.set(stateHash as StateHash, [...ledger.accounts()]);
  }
});

test("the parent's state hash stands in the chain proof as a ledger hash, as in real files", async () => {
  for (const { json } of await readBlocks(sample.folder)) {
    const [text, rest] = json.delta_transition_chain_proof as [string, unknown[]];
    const { previousStateHash } = decodeProtocolState(json.protocol_state);
    expect(fieldOfHash("ledgerHash", text)).toBe(fieldOfHash("stateHash", previousStateHash));
    expect(rest).toStrictEqual([]);
  }
});

interface Replay {
  readonly diff: StagedLedgerDiff;
  readonly state: ProtocolState;
  readonly parentSlot: GlobalSlotSinceGenesis;
}

function replay(ledger: Ledger, { diff, state, parentSlot }: Replay): void {
  const balanceOf = (key: Parameters<Ledger["indexOf"]>[0]) => {
    const index = ledger.indexOf(key);
    return index === undefined ? null : ledger.account(index).balance;
  };
  const recorded = diff.map(({ commands, internalCommandBalances }) => ({
    commands: [...commands],
    balances: [...internalCommandBalances],
  }));
  for (const [half, preDiff] of diff.entries()) {
    for (const transaction of transactionsOfDiff([preDiff], state.body.consensusState)) {
      const outcome = applyTransaction(ledger, transaction, parentSlot);
      switch (transaction.kind) {
        case "user_command": {
          const { command } = transaction;
          expect(recorded[half]!.commands.shift()).toMatchObject({
            status: outcome.status,
            failureReason: outcome.failureReason,
            feePayerBalance: balanceOf(command.feePayer),
            sourceBalance: balanceOf(command.source),
            receiverBalance: balanceOf(command.receiver),
          });
          break;
        }
        case "coinbase":
          expect(recorded[half]!.balances.shift()).toStrictEqual({
            kind: "coinbase",
            receiver: balanceOf(transaction.receiver),
            feeTransferReceiver:
              transaction.feeTransfer && balanceOf(transaction.feeTransfer.receiver),
          });
          break;
        case "fee_transfer": {
          const [first, second] = transaction.transfers;
          expect(recorded[half]!.balances.shift()).toStrictEqual({
            kind: "fee_transfer",
            receiver1: balanceOf(first.receiver),
            receiver2: second === undefined ? null : balanceOf(second.receiver),
          });
        }
      }
    }
  }
  expect(recorded.flatMap(({ commands, balances }) => [...commands, ...balances])).toHaveLength(0);
}

async function genesisAccounts(): Promise<readonly Account[]> {
  const read = async (name: string) => await readFile(path.join(sample.folder, name), "utf8");
  const { genesis } = parse(await read("network.yaml")) as {
    readonly genesis: { readonly winner: { readonly publicKey: never; readonly balance: string } };
  };
  const winner = newAccount(genesis.winner.publicKey, BigInt(genesis.winner.balance));
  return decodeGenesisLedger(JSON.parse(await read("genesis-ledger.json")), winner);
}
