// Accounts and payments by the thousand, none of them real.

import { FIELD_BYTES, parseMemo, parseTransactionHash, publicKeyText } from "@forklift/chain";
import { Ledger, newAccount } from "../dist/index.js";

/** Nanomina; enough for all the payments that a benchmark makes. */
const BALANCE = 1_000_000_000_000_000n;

const FEE = 10_000_000n;
const AMOUNT = 1_000_000_000n;

/** An empty memo and some transaction's hash: neither matters here. */
const MEMO = parseMemo("E4YM2vTHhWEg66xpj52JErHUBU4pZ1yageL4TVDDpTTSsv8mK6YaH");
const HASH = parseTransactionHash("CkpYRmaupHUoLHAeZ9v6S872Au2A32aY7R5jWB6bZXT4JYzX6ojbr");

/** Odd, so that it scatters numbers over 61 bits without two of them meeting. */
const SCATTER = 0x1d8af066b0c4d2e5n;

export function keyOf(index) {
  const x = BigInt.asUintN(61, BigInt(index + 1) * SCATTER);
  return publicKeyText({ x: (x ** 4n) >> 1n, isOdd: index % 2 === 1 });
}

function* accounts(count) {
  for (let index = 0; index < count; index++) yield newAccount(keyOf(index), BALANCE);
}

/**
 * A ledger with its tree. The leaves are made up as well: hashing half a million accounts would take
 * longer than all the rest, and what is measured does not depend on what an unchanged leaf holds.
 */
export function madeUpLedger(accountCount) {
  const leaves = new Uint8Array(accountCount * FIELD_BYTES);
  const view = new DataView(leaves.buffer);
  for (let index = 0; index < accountCount; index++) {
    view.setUint32(index * FIELD_BYTES, index + 1, true);
  }
  const ledger = Ledger.fromLeafHashes(accounts(accountCount), leaves);
  ledger.ledgerHash();
  return ledger;
}

/** A payment from one account to another that is there. */
export function paymentBetween(payer, receiver, nonce) {
  return {
    kind: "user_command",
    command: {
      type: "payment",
      feePayer: payer,
      source: payer,
      receiver,
      nonce: BigInt(nonce),
      amount: AMOUNT,
      fee: FEE,
      validUntil: null,
      memo: MEMO,
      hash: HASH,
    },
  };
}
