import type {
  IncludedInternalCommand,
  IncludedUserCommand,
  InternalCommand,
  StateHash,
  TransactionHash,
  UserCommand,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { readSchema } from "@forklift/schemas";
import { describe, expect, test } from "vitest";
import { requireSameCommands } from "../../src/blocks/compare-commands.ts";
import {
  BLOCK_COLUMNS,
  INTERNAL_COMMAND_COLUMNS,
  USER_COMMAND_COLUMNS,
} from "../../src/blocks/source-columns.ts";

const PAYMENT = {
  command: {
    type: "payment",
    feePayer: "B62payer",
    source: "B62payer",
    receiver: "B62receiver",
    nonce: 3n,
    amount: 5n,
    fee: 7n,
    validUntil: null,
    memo: "E4Ymemo",
    hash: "CkpPayment",
  },
  sequenceNo: 0,
  status: "applied",
  failureReason: null,
} as unknown as IncludedUserCommand;

const COINBASE = {
  command: { type: "coinbase", receiver: "B62receiver", fee: 720n, hash: "CkpCoinbase" },
  sequenceNo: 1,
  secondarySequenceNo: 0,
} as unknown as IncludedInternalCommand;

const commands = { userCommands: [PAYMENT], internalCommands: [COINBASE] };

function compare(ofSource: Partial<typeof commands>): void {
  const stateHash = "3Nblock" as StateHash;
  requireSameCommands({ height: 9n, stateHash, ...commands, ...ofSource }, commands);
}

/** The same with another value in one of its fields. */
function changed<Value extends object>(value: Value, name: string): Value {
  return { ...value, [name]: "other" };
}

test("every column that an error names is one of the source", async () => {
  const { tables } = (await readSchema("mainnet")).manifest;
  const named = [BLOCK_COLUMNS, USER_COMMAND_COLUMNS, INTERNAL_COMMAND_COLUMNS].flatMap((columns) =>
    Object.values(columns),
  );
  const known = Object.entries(tables).flatMap(([table, { columns }]) =>
    columns.map(({ name }) => `${table}.${name}`),
  );
  expect(known).toEqual(expect.arrayContaining(named));
});

describe("the commands of a block", () => {
  test("are refused for a limit that the source writes otherwise, by the column's name", () => {
    const command = { ...PAYMENT.command, validUntil: 4_294_967_295n };
    expect(() => compare({ userCommands: [{ ...PAYMENT, command }] })).toThrow(
      "the source has user_commands.valid_until 4294967295, its precomputed block has NULL",
    );
  });

  test("are accepted when source and precomputed block agree", () => {
    expect(() => compare({})).not.toThrow();
  });

  test.each(Object.keys(PAYMENT.command))("are refused for another %s of a payment", (name) => {
    const userCommands = [{ ...PAYMENT, command: changed(PAYMENT.command, name) }];
    expect(() => compare({ userCommands })).toThrow(SourceDataError);
    expect(() => compare({ userCommands })).toThrow(
      `user command 1 (CkpPayment) of block 3Nblock at height 9: the source has ` +
        `${USER_COMMAND_COLUMNS[name as keyof UserCommand]} other`,
    );
  });

  test.each(["sequenceNo", "status", "failureReason"] as const)(
    "are refused for another %s",
    (name) => {
      expect(() => compare({ userCommands: [changed(PAYMENT, name)] })).toThrow(
        `the source has ${USER_COMMAND_COLUMNS[name]} other, its precomputed block has`,
      );
    },
  );

  test.each(Object.keys(COINBASE.command))("are refused for another %s of a coinbase", (name) => {
    const internalCommands = [{ ...COINBASE, command: changed(COINBASE.command, name) }];
    expect(() => compare({ internalCommands })).toThrow(
      `internal command 1 (CkpCoinbase) of block 3Nblock at height 9: the source has ` +
        `${INTERNAL_COMMAND_COLUMNS[name as keyof InternalCommand]} other`,
    );
  });

  test.each(["sequenceNo", "secondarySequenceNo"] as const)(
    "are refused for a coinbase's other %s",
    (name) => {
      expect(() => compare({ internalCommands: [changed(COINBASE, name)] })).toThrow(
        `the source has ${INTERNAL_COMMAND_COLUMNS[name]} other`,
      );
    },
  );

  test.each([
    ["one that only the source has", [PAYMENT, { ...PAYMENT, sequenceNo: 1 }], "CkpPayment"],
    ["one that the source lacks", [], "none"],
  ])("are refused for %s", (_, userCommands, said) => {
    expect(() => compare({ userCommands })).toThrow(SourceDataError);
    expect(() => compare({ userCommands })).toThrow(`the source has command ${said}`);
  });

  test("are refused for the one that the source lost, not for the one that took its place", () => {
    const payment = (nonce: bigint, hash: string): IncludedUserCommand => ({
      ...PAYMENT,
      command: { ...PAYMENT.command, nonce, hash: hash as TransactionHash },
    });
    const [second, third] = [payment(4n, "CkpSecond"), payment(5n, "CkpThird")];
    const block = { height: 9n, stateHash: "3Nblock" as StateHash, internalCommands: [COINBASE] };
    const compareLost = () =>
      requireSameCommands(
        { ...block, userCommands: [PAYMENT, third] },
        { ...block, userCommands: [PAYMENT, second, third] },
      );
    expect(compareLost).toThrow(
      "user command 2 (CkpSecond) of block 3Nblock at height 9: the source has command none, its " +
        "precomputed block has CkpSecond",
    );
  });
});
