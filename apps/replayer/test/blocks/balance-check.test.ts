// Wrong rows of the old archive's balances: which are counted, and which stop a replay.

import type { RecordedBalance, ReplayBlock } from "@forklift/archive";
import {
  type PublicKey,
  parseGlobalSlotSinceGenesis,
  parseLedgerHash,
  parseStateHash,
  parseTransactionHash,
  publicKeyText,
} from "@forklift/chain";
import { Ledger, newAccount } from "@forklift/ledger";
import { VerificationError } from "@forklift/pipeline";
import { expect, test } from "vitest";
import { applyBlock } from "../../src/blocks/apply-block.ts";
import { BalanceCheck } from "../../src/blocks/balance-check.ts";

const PROVER = publicKeyText({ x: 1n, isOdd: false });
const PRODUCER = publicKeyText({ x: 2n, isOdd: true });
const STRANGER = publicKeyText({ x: 3n, isOdd: false });
const HASH = parseTransactionHash("CkpYRmaupHUoLHAeZ9v6S872Au2A32aY7R5jWB6bZXT4JYzX6ojbr");

function feeTransfer(receiver: PublicKey, secondarySequenceNo: number, fee: bigint) {
  const command = { type: "fee_transfer", receiver, fee, hash: HASH } as const;
  return { kind: "internal", sequenceNo: 4, secondarySequenceNo, command } as const;
}

/** A pair of fee transfers, which leaves 110 and 220. */
const BLOCK: ReplayBlock = {
  id: 1,
  height: 2n,
  stateHash: parseStateHash("3NKeMoncuHab5ScarV5ViyF16cJPT4taWNSaTLS64Dp67wuXigPZ"),
  ledgerHash: parseLedgerHash("jx7buQVWFLsXTtzRgSxbYcT8EYLS8KCZbLrfDcJxMtyy4thw2Ee"),
  globalSlotSinceGenesis: parseGlobalSlotSinceGenesis("1"),
  parentSlot: parseGlobalSlotSinceGenesis("0"),
  commands: [feeTransfer(PROVER, 0, 10n), feeTransfer(PRODUCER, 1, 20n)],
};

function recorded(
  publicKey: PublicKey,
  balance: bigint,
  { nonce = null, sequenceNo = 4 }: { nonce?: bigint | null; sequenceNo?: number } = {},
): RecordedBalance {
  return { sequenceNo, publicKey, balance, nonce };
}

function compare(rows: readonly RecordedBalance[]) {
  const ledger = new Ledger([newAccount(PROVER, 100n), newAccount(PRODUCER, 200n)]);
  const check = new BalanceCheck(ledger);
  check.begin(rows);
  applyBlock(ledger, BLOCK, { applied: (block, placed) => check.compare(block, placed) });
  check.end(BLOCK);
  return check.counts;
}

const NOTHING_WRONG = { swappedBalances: 0, wrongNonces: 0 };

test("rows that agree are counted, those without a nonce apart", () => {
  expect(compare([recorded(PROVER, 110n, { nonce: 0n }), recorded(PRODUCER, 220n)])).toEqual({
    balancesCompared: 2,
    noncesCompared: 1,
    ...NOTHING_WRONG,
  });
});

test("two balances of a pair of fee transfers at each other's place are counted", () => {
  const counts = compare([recorded(PROVER, 220n), recorded(PRODUCER, 110n)]);
  expect(counts).toMatchObject({ ...NOTHING_WRONG, swappedBalances: 2 });
});

test("a wrong nonce is counted", () => {
  const counts = compare([recorded(PROVER, 110n, { nonce: 7n })]);
  expect(counts).toMatchObject({ noncesCompared: 1, wrongNonces: 1, swappedBalances: 0 });
});

test.each<[string, readonly RecordedBalance[], string]>([
  [
    "one balance",
    [recorded(PROVER, 110n), recorded(PRODUCER, 219n)],
    `(sequence_no 4) the old archive records balance 219 of ${PRODUCER}, its replay gives 220`,
  ],
  [
    "both balances, which are not those of the other",
    [recorded(PROVER, 220n), recorded(PRODUCER, 111n)],
    `records balance 220 of ${PROVER}, its replay gives 110`,
  ],
  [
    "a balance of an account that is not there",
    [recorded(STRANGER, 1n)],
    `records balance 1 of ${STRANGER}, its replay gives no such account`,
  ],
  [
    "a balance after a command that is not there",
    [recorded(PROVER, 110n), recorded(PROVER, 1n, { sequenceNo: 5 })],
    "records balances after sequence_no 5, where the target has no command",
  ],
])("%s ends the replay and names block, command and both values", (_name, rows, says) => {
  expect(() => compare(rows)).toThrow(VerificationError);
  expect(() => compare(rows)).toThrow(`block ${BLOCK.stateHash} at height 2: `);
  expect(() => compare(rows)).toThrow(says);
});
