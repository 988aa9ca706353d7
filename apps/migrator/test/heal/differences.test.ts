// What each difference between the rows of a source and a verified file needs to be settled, on commands made up.

import type { SourceRows, SourceTexts } from "@forklift/archive";
import type { IncludedInternalCommand, IncludedUserCommand } from "@forklift/chain";
import { loadNetwork } from "@forklift/network";
import { beforeAll, expect, test } from "vitest";
import type { ProvenBlock } from "../../src/blocks/proven-block.ts";
import { type Difference, differencesOf, hasSameCommands } from "../../src/heal/differences.ts";

const HASHES = ["CkpA", "CkpB", "CkpC"];

function payment(sequenceNo: number, feePayer: string, hash = HASHES[sequenceNo]!) {
  return {
    command: {
      ...{ type: "payment", feePayer, source: feePayer, receiver: "B62receiver", nonce: 3n },
      ...{ amount: 5n, fee: 7n, validUntil: null, memo: "E4Ymemo", hash },
    },
    ...{ sequenceNo, status: "applied", failureReason: null },
  } as unknown as IncludedUserCommand;
}

function internal(type: string, sequenceNo: number, receiver: string, fee: bigint) {
  const command = { type, receiver, fee, hash: `Ckp${type}${receiver}${fee}` };
  return { command, sequenceNo, secondarySequenceNo: 0 } as unknown as IncludedInternalCommand;
}

const USER = [payment(0, "B62a"), payment(1, "B62b"), payment(2, "B62a")];
const INTERNAL = [
  internal("coinbase", 3, "B62producer", 720n),
  internal("fee_transfer", 4, "B62prover", 5n),
  internal("fee_transfer", 5, "B62producer", 16n),
];

let file: ProvenBlock;
let rows: SourceRows;
let ref: { readonly height: bigint; readonly stateHash: never };

beforeAll(async () => {
  const { genesis } = await loadNetwork("mainnet");
  const { protocolState } = genesis;
  const { body, previousStateHash: parentHash } = protocolState;
  const { consensusState, blockchainState } = body;
  file = {
    ...{ protocolState, userCommands: USER, internalCommands: INTERNAL },
    ...{ signatures: null, source: "a folder" },
  };
  ref = { height: 1n, stateHash: genesis.stateHash as never };
  rows = {
    ...{ id: "7", stateHash: genesis.stateHash },
    block: texts({
      ...{ parentHash, height: 1n, chainStatus: "canonical" },
      ledgerHash: blockchainState.stagedLedgerHash.nonSnark.ledgerHash,
      creator: consensusState.blockCreator,
      winner: consensusState.blockStakeWinner,
      globalSlotSinceHardFork: consensusState.currGlobalSlot.slotNumber,
      globalSlotSinceGenesis: consensusState.globalSlotSinceGenesis,
      timestamp: blockchainState.timestamp,
    }),
    userCommands: USER.map(flat),
    internalCommands: INTERNAL.map(flat),
  };
});

function flat({ command, ...inclusion }: IncludedUserCommand | IncludedInternalCommand) {
  return texts({ ...command, ...inclusion });
}

function texts(values: object): SourceTexts {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value === null ? null : String(value)]),
  );
}

type Lists = Pick<SourceRows, "userCommands" | "internalCommands">;

/** Of a source with these lists instead, each difference as its column and what it needs. */
function needs(change: Partial<Lists>): string[] {
  return compared([{ ...rows, ...change }]).map(({ column, need }) => `${column} ${need}`);
}

function compared(source: readonly SourceRows[], status = "canonical"): Difference[] {
  return differencesOf(ref, source, file, status);
}

const user = (...changed: readonly (readonly [at: number, change: SourceTexts])[]) => {
  const list = USER.map(flat);
  for (const [at, change] of changed) list[at] = { ...list[at], ...change };
  return { userCommands: list };
};
const internals = (...list: readonly IncludedInternalCommand[]) => ({
  internalCommands: list.map(flat),
});

test("rows of the file have no difference", () => {
  expect(compared([rows])).toEqual([]);
  expect(hasSameCommands([rows], file)).toBe(true);
});

test("whatever the state hash covers is settled by the chain", () => {
  const block = { ...rows.block, ledgerHash: "jwOther", creator: null };
  expect(compared([{ ...rows, block }])).toMatchObject([
    { table: "blocks", column: "ledger_hash", ofSource: "jwOther", need: "chain" },
    { table: "blocks", column: "creator_id", ofSource: "NULL", need: "chain" },
  ]);
});

test("a status is that of the chain, and a null above it waits like any other", () => {
  const orphaned = { ...rows, block: { ...rows.block, chainStatus: "orphaned" } };
  expect(compared([orphaned])).toMatchObject([{ column: "chain_status", ofFile: "canonical" }]);
  const undecided = { ...rows, block: { ...rows.block, chainStatus: null } };
  expect(compared([undecided], "pending")).toEqual([]);
});

test("what a command says and does is settled by the chain, its hash by its signature", () => {
  expect(needs(user([1, { amount: "6", status: "failed", failureReason: "Predicate" }]))).toEqual([
    "amount chain",
    "status chain",
    "failure_reason chain",
  ]);
  expect(needs(user([1, { hash: "CkpX" }]))).toEqual(["hash signature"]);
  expect(needs(user([1, { hash: "CkpX", amount: "6" }]))).toEqual([
    "amount signature",
    "hash signature",
  ]);
});

test("one command has one place left for it, two of two payers have not", () => {
  expect(needs(user([1, { sequenceNo: "9" }]))).toEqual(["sequence_no chain"]);
  expect(needs(user([0, { sequenceNo: "1" }], [1, { sequenceNo: "0" }]))).toEqual([
    "sequence_no agreement",
    "sequence_no agreement",
  ]);
  // Their nonces tell.
  expect(needs(user([0, { sequenceNo: "2" }], [2, { sequenceNo: "0" }]))).toEqual([
    "sequence_no chain",
    "sequence_no chain",
  ]);
});

test("a missing command is settled by its signature, unless its place is open", () => {
  expect(needs({ userCommands: USER.slice(1).map(flat) })).toEqual(["* signature"]);
  expect(needs({ userCommands: USER.slice(2).map(flat) })).toEqual(["* agreement", "* agreement"]);
  expect(needs({ userCommands: [...USER, payment(9, "B62c", "CkpX")].map(flat) })).toEqual([
    "* chain",
  ]);
});

test("balances settle one internal command where all others are the same", () => {
  const [coinbase, first, second] = INTERNAL as [
    IncludedInternalCommand,
    IncludedInternalCommand,
    IncludedInternalCommand,
  ];
  expect(needs(internals(coinbase, second))).toEqual(["* chain"]);
  expect(needs(internals(coinbase, internal("fee_transfer", 4, "B62prover", 6n), second))).toEqual([
    "fee chain",
    "hash chain",
  ]);
  expect(needs(internals(coinbase, first, second, first))).toEqual(["* chain"]);
});

test("how several internal commands share what a receiver is given is open", () => {
  const [coinbase, first, second] = INTERNAL as [
    IncludedInternalCommand,
    IncludedInternalCommand,
    IncludedInternalCommand,
  ];
  expect(needs(internals(coinbase))).toEqual(["* agreement", "* agreement"]);
  // The file may be the one that has put two into one.
  const split = [
    internal("fee_transfer", 4, "B62prover", 2n),
    internal("fee_transfer", 6, "B62prover", 3n),
  ];
  const needed = needs(internals(coinbase, ...split, second));
  expect(
    needed.every((it) => it.endsWith("agreement")),
    needed.join(),
  ).toBe(true);
  // Paid to the receiver of the coinbase, it moves nothing.
  const idle = internal("fee_transfer_via_coinbase", 3, "B62producer", 4n);
  expect(needs(internals(coinbase, idle, first, second))).toEqual(["* agreement"]);
});

test("a block that is missing needs what the strongest of its commands needs", () => {
  expect(compared([])).toMatchObject([
    { part: "all", column: "*", ofSource: "no row", need: "agreement" },
  ]);
  file = { ...file, userCommands: USER.slice(0, 1), internalCommands: INTERNAL.slice(0, 1) };
  expect(compared([])).toMatchObject([{ need: "signature" }]);
  file = { ...file, userCommands: [] };
  expect(compared([])).toMatchObject([{ need: "chain" }]);
  file = { ...file, userCommands: USER, internalCommands: INTERNAL };
});

test("of several rows of a block the best stays", () => {
  const other = { ...rows, id: "8", userCommands: [], internalCommands: [] };
  expect(compared([other, rows])).toMatchObject([
    { key: expect.stringMatching(/, id 8$/), column: "*", ofFile: "no row", need: "chain" },
  ]);
});
