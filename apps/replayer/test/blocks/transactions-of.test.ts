import type { PlacedCommand } from "@forklift/archive";
import type { InternalCommandType, PublicKey, TransactionHash } from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { transactionsOf } from "../../src/blocks/transactions-of.ts";

const internal = (
  type: InternalCommandType,
  receiver: string,
  [sequenceNo, secondarySequenceNo]: [number, number],
  fee = 10n,
): PlacedCommand => ({
  kind: "internal",
  sequenceNo,
  secondarySequenceNo,
  command: {
    type,
    receiver: receiver as PublicKey,
    fee,
    hash: `hash of ${receiver}` as TransactionHash,
  },
});

const user = (sequenceNo: number) =>
  ({ kind: "user", sequenceNo, secondarySequenceNo: 0, command: {} }) as unknown as PlacedCommand;

const kinds = (commands: PlacedCommand[]) =>
  transactionsOf(commands).map(({ transaction }) => transaction);

test("two fee transfers of one sequence number are one pair, in the order of their places", () => {
  expect(
    kinds([internal("fee_transfer", "A", [4, 0], 1n), internal("fee_transfer", "B", [4, 1], 2n)]),
  ).toEqual([
    {
      kind: "fee_transfer",
      transfers: [
        { receiver: "A", fee: 1n },
        { receiver: "B", fee: 2n },
      ],
    },
  ]);
});

test("fee transfers of two sequence numbers stay two transactions", () => {
  const transactions = kinds([
    internal("fee_transfer", "A", [4, 0]),
    internal("fee_transfer", "B", [5, 0]),
  ]);
  expect(transactions).toHaveLength(2);
});

test("a coinbase takes its fee transfer with it, and keeps its full amount", () => {
  expect(
    kinds([
      internal("coinbase", "A", [0, 0], 720n),
      internal("fee_transfer_via_coinbase", "B", [0, 0], 3n),
      internal("fee_transfer", "C", [1, 0], 5n),
    ]),
  ).toEqual([
    { kind: "coinbase", receiver: "A", amount: 720n, feeTransfer: { receiver: "B", fee: 3n } },
    { kind: "fee_transfer", transfers: [{ receiver: "C", fee: 5n }] },
  ]);
});

test("user commands stay where they are among the internal ones", () => {
  const transactions = kinds([
    user(0),
    user(1),
    internal("coinbase", "A", [2, 0]),
    user(3),
    internal("fee_transfer", "B", [4, 0]),
  ]);
  expect(transactions.map(({ kind }) => kind)).toEqual([
    "user_command",
    "user_command",
    "coinbase",
    "user_command",
    "fee_transfer",
  ]);
});

test.each([
  ["a fee transfer via coinbase alone", [internal("fee_transfer_via_coinbase", "B", [0, 0])]],
  [
    "two coinbases at one place",
    [internal("coinbase", "A", [0, 0]), internal("coinbase", "B", [0, 0])],
  ],
  [
    "a coinbase paired with a plain fee transfer",
    [internal("coinbase", "A", [0, 0]), internal("fee_transfer", "B", [0, 1])],
  ],
])("%s is refused, naming its place", (_what, commands) => {
  expect(() => transactionsOf(commands)).toThrow(SourceDataError);
  expect(() => transactionsOf(commands)).toThrow("sequence_no 0");
});
