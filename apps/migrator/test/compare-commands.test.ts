import type {
  IncludedInternalCommand,
  IncludedUserCommand,
  StateHash,
  TransactionHash,
} from "@forklift/chain";
import { SourceDataError } from "@forklift/pipeline";
import { describe, expect, test } from "vitest";
import { requireSameCommands } from "../src/compare-commands.ts";

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

describe("the commands of a block", () => {
  test("are accepted when source and precomputed block agree", () => {
    expect(() => compare({})).not.toThrow();
  });

  test.each(Object.keys(PAYMENT.command))("are refused for another %s of a payment", (name) => {
    const userCommands = [{ ...PAYMENT, command: changed(PAYMENT.command, name) }];
    expect(() => compare({ userCommands })).toThrow(SourceDataError);
    expect(() => compare({ userCommands })).toThrow(
      `user command 1 (CkpPayment) of block 3Nblock at height 9: the source has ${name} other`,
    );
  });

  test.each(["sequenceNo", "status", "failureReason"])("are refused for another %s", (name) => {
    expect(() => compare({ userCommands: [changed(PAYMENT, name)] })).toThrow(
      `the source has ${name} other, its precomputed block has`,
    );
  });

  test.each(Object.keys(COINBASE.command))("are refused for another %s of a coinbase", (name) => {
    const internalCommands = [{ ...COINBASE, command: changed(COINBASE.command, name) }];
    expect(() => compare({ internalCommands })).toThrow(
      `internal command 1 (CkpCoinbase) of block 3Nblock at height 9: the source has ${name} other`,
    );
  });

  test.each(["sequenceNo", "secondarySequenceNo"])(
    "are refused for a coinbase's other %s",
    (name) => {
      expect(() => compare({ internalCommands: [changed(COINBASE, name)] })).toThrow(
        `the source has ${name} other`,
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
