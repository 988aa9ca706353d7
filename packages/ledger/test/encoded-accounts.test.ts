import { publicKeyText } from "@forklift/chain";
import { expect, test } from "vitest";
import { newAccount } from "../src/accounts/account.ts";
import { encodeAccount } from "../src/accounts/account-json.ts";
import { RECORD_BYTES } from "../src/accounts/account-record.ts";
import { encodeAccounts, encodeOnThread } from "../src/accounts/encoded-accounts.ts";
import { Ledger } from "../src/ledger/ledger.ts";
import { VESTING } from "./small-ledger.ts";

function ledgerOf(count: number): Ledger {
  return new Ledger(
    Array.from({ length: count }, (_, x) => ({
      ...newAccount(publicKeyText({ x: BigInt(x), isOdd: x % 2 === 1 }), BigInt(x)),
      timing: x % 7 === 0 ? VESTING : null,
    })),
  );
}

async function textOf(pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<string> {
  let text = "";
  for await (const piece of pieces) text += Buffer.from(piece).toString("utf8");
  return text;
}

test.each([0, 1, 500, 1201])("%i accounts have one text, here and on a thread", async (count) => {
  const ledger = ledgerOf(count);
  const expected = JSON.parse(JSON.stringify([...ledger.accounts()].map(encodeAccount)));
  const here = await textOf(encodeAccounts(ledger.accounts()));
  expect(JSON.parse(`[${here}]`)).toEqual(expected);
  const onThread = encodeOnThread(ledger.table.records());
  // Of a copy: what changes from here on is not in it.
  for (let index = 0; index < count; index++) ledger.table.setBalance(index, 99n);
  expect(await textOf(onThread)).toBe(here);
});

test("a caller that leaves early ends the thread, and the error of one is thrown", async () => {
  for await (const piece of encodeOnThread(ledgerOf(1201).table.records())) {
    expect(piece.length).toBeGreaterThan(0);
    break;
  }
  const twice = new Uint8Array(2 * RECORD_BYTES);
  await expect(textOf(encodeOnThread(twice))).rejects.toThrow("has an account already");
});
