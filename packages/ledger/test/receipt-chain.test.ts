import {
  type PublicKey,
  parseMemo,
  parseTransactionHash,
  publicKeyText,
  type UserCommand,
} from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { extendReceiptChain, extendReceiptChains } from "../src/apply/receipt-chain.ts";
import { Ledger } from "../src/ledger/ledger.ts";

const [ALICE, BOB, CAROL] = [1n, 2n, 3n].map((x) => publicKeyText({ x, isOdd: false })) as [
  PublicKey,
  PublicKey,
  PublicKey,
];

function payment(feePayer: PublicKey, nonce: bigint): UserCommand {
  return {
    type: "payment",
    feePayer,
    source: feePayer,
    receiver: CAROL,
    nonce,
    amount: 5n,
    fee: 7n + nonce,
    validUntil: null,
    memo: parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH"),
    hash: parseTransactionHash("CkpYRmaupHUoLHAeZ9v6S872Au2A32aY7R5jWB6bZXT4JYzX6ojbr"),
  };
}

test("the chains of a block are those of its commands one after the other", () => {
  // Carol has no account yet: her chain begins with the one of a new account.
  const ledger = new Ledger([ALICE, BOB].map((key) => newAccount(key, 0n)));
  ledger.table.setReceiptChainHash(1, extendReceiptChain(new Uint8Array(32), payment(BOB, 3n)));
  const payers = [ALICE, BOB, ALICE, CAROL, ALICE, BOB];
  const commands = payers.map((payer, at) => payment(payer, BigInt(at)));
  const opened = new Ledger([...ledger.accounts(), newAccount(CAROL, 0n)]);
  const latest = new Map<PublicKey, Uint8Array>(
    [ALICE, BOB, CAROL].map((key, at) => [key, opened.table.receiptChainHash(at).slice()]),
  );
  const expected = commands.map((command) => {
    const chain = extendReceiptChain(latest.get(command.feePayer)!, command);
    latest.set(command.feePayer, chain);
    return chain;
  });
  expect(extendReceiptChains(ledger, commands)).toEqual(expected);
  expect(extendReceiptChains(ledger, [])).toEqual([]);
});
