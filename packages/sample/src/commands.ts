// User commands that a block may hold: each is made for the ledger as it stands, so that its payer
// can pay and its nonce is right. A command that no payer could pay for would invalidate the block.
//
// Of the failure reasons that the protocol names, a block of 1.x can show three, and the sample shows
// them all:
//   Predicate                              fee payer and source are different keys
//   Receiver_not_present                   a delegation to a key without an account
//   Amount_insufficient_to_create_account  a payment that cannot open the receiver's account
// The others cannot be reached: a source that is the fee payer is there and can pay, else the block
// is invalid, and one that is not fails by Predicate first (Source_not_present,
// Source_insufficient_balance, Source_minimum_balance_violation); all the currency there is stays
// below 2^64 (Overflow); the rest belongs to tokens and contracts, which 1.x refused
// (Cannot_pay_creation_fee_in_token, Receiver_already_exists, Incorrect_nonce).

import {
  type GlobalSlotSinceGenesis,
  least,
  NANOMINA_PER_MINA,
  type PublicKey,
  UINT32_MAX,
} from "@forklift/chain";
import {
  ACCOUNT_CREATION_FEE,
  type Account,
  type Ledger,
  minimumBalance,
  type UnhashedCommand,
} from "@forklift/ledger";
import type { KeyRing } from "./key-ring.ts";
import type { Random } from "./random.ts";
import { randomMemo } from "./random-texts.ts";

export type CommandKind = keyof typeof MAKERS;

/** What a command is made for. */
export interface Scene {
  readonly random: Random;
  readonly ledger: Ledger;
  readonly keys: KeyRing;
  /** Of the parent block: the slot that vesting and expiry are judged by. */
  readonly parentSlot: GlobalSlotSinceGenesis;
}

/** Null when no account can pay for such a command now. */
export function makeCommand(scene: Scene, kind: CommandKind): UnhashedCommand | null {
  return MAKERS[kind](scene);
}

/** What chance gives a block; kinds that open accounts come by occasions only. */
const CHANCE: readonly CommandKind[] = [
  ...Array.from({ length: 12 }, () => "payment" as const),
  "delegation",
  "delegation_to_nobody",
  "expiring_payment",
  "foreign_payment",
  "self_payment",
  "too_small_payment",
];

export function randomKind(random: Random): CommandKind {
  return random.pick(CHANCE);
}

/** Nanomina. Few different ones, so that sums and with them internal commands repeat, as in life. */
const FEES = [1_000_000n, 2_000_000n, 10_000_000n, 10_000_001n, 50_000_000n, 100_000_000n] as const;

/** Payers are drawn; after so many that cannot pay the command is given up. */
const DRAWS_MAX = 60;

/** An ordinary payment moves less than this part of what its payer has. */
const PART_OF_FUNDS = 50n;

const MAKERS = {
  payment: (scene: Scene) => payment(scene, drawPayer(scene)),

  opening_payment(scene: Scene) {
    const payer = drawPayer(scene, 3n * NANOMINA_PER_MINA);
    // Now and then exactly the creation fee, which leaves nothing in the new account.
    const amount =
      ACCOUNT_CREATION_FEE +
      (scene.random.oneIn(3) ? 0n : scene.random.bigBelow(NANOMINA_PER_MINA));
    return payer && command(scene, payer, { receiver: scene.keys.fresh(), amount });
  },

  too_small_payment(scene: Scene) {
    const payer = drawPayer(scene, 2n * NANOMINA_PER_MINA);
    const amount = scene.random.oneIn(3)
      ? ACCOUNT_CREATION_FEE - 1n
      : scene.random.bigBelow(ACCOUNT_CREATION_FEE);
    return payer && command(scene, payer, { receiver: stranger(scene), amount });
  },

  self_payment(scene: Scene) {
    const payer = drawPayer(scene);
    return payer && payment(scene, payer, { receiver: payer.publicKey });
  },

  foreign_payment(scene: Scene) {
    const payer = drawPayer(scene);
    return payer && payment(scene, payer, { source: otherKey(scene, payer) });
  },

  expiring_payment(scene: Scene) {
    // Now and then the last slot in which it may be applied is the one by which it is judged.
    const left = scene.random.oneIn(3) ? 0n : scene.random.bigBelow(100n);
    const validUntil = least(scene.parentSlot + left, UINT32_MAX - 1n);
    return payment(scene, drawPayer(scene), { validUntil });
  },

  generous_payment(scene: Scene) {
    const payer = drawPayer(scene, 10n * NANOMINA_PER_MINA);
    const fee = BigInt(2 + scene.random.below(5)) * NANOMINA_PER_MINA;
    return payer && payment(scene, payer, { fee });
  },

  vested_payment: (scene: Scene) => payment(scene, findVested(scene)),

  delegation(scene: Scene) {
    const payer = drawPayer(scene);
    const receiver = scene.random.pick(scene.keys.producers);
    return payer && command(scene, payer, { type: "delegation", receiver, amount: null });
  },

  delegation_to_nobody(scene: Scene) {
    const payer = drawPayer(scene);
    const parts = { type: "delegation", receiver: stranger(scene), amount: null } as const;
    return payer && command(scene, payer, parts);
  },
} satisfies Record<string, (scene: Scene) => UnhashedCommand | null>;

function payment(
  scene: Scene,
  payer: Account | null,
  parts: Partial<UnhashedCommand> = {},
): UnhashedCommand | null {
  if (payer === null) return null;
  const made = command(scene, payer, { receiver: otherKey(scene, payer), amount: 0n, ...parts });
  const funds = spendable(payer, scene.parentSlot) - made.fee;
  const amount = scene.random.oneIn(8)
    ? least(funds, 1n)
    : scene.random.bigBelow(funds / PART_OF_FUNDS + 1n);
  return { ...made, amount };
}

function command(
  { random }: Scene,
  payer: Account,
  parts: Pick<UnhashedCommand, "receiver" | "amount"> & Partial<UnhashedCommand>,
): UnhashedCommand {
  return {
    type: "payment",
    feePayer: payer.publicKey,
    source: payer.publicKey,
    nonce: payer.nonce,
    fee: random.pick(FEES),
    validUntil: null,
    memo: randomMemo(random),
    ...parts,
  };
}

/** @param needed nanomina that must be free, the fee included. */
function drawPayer(scene: Scene, needed: bigint = NANOMINA_PER_MINA): Account | null {
  for (let draw = 0; draw < DRAWS_MAX; draw++) {
    const account = drawAccount(scene);
    if (spendable(account, scene.parentSlot) >= needed) return account;
  }
  return null;
}

function drawAccount({ random, ledger }: Scene): Account {
  return ledger.account(random.below(ledger.accountCount));
}

/** An account that is still marked as vesting although nothing in it is locked any more. */
function findVested({ random, ledger, parentSlot }: Scene): Account | null {
  const first = random.below(ledger.accountCount);
  for (let step = 0; step < ledger.accountCount; step++) {
    const index = (first + step) % ledger.accountCount;
    const timing = ledger.table.timing(index);
    const isOver = timing !== null && minimumBalance(timing, parentSlot) === 0n;
    if (isOver && ledger.table.balance(index) >= NANOMINA_PER_MINA) return ledger.account(index);
  }
  return null;
}

/** Nanomina that an account may pay out. */
function spendable({ balance, timing }: Account, slot: GlobalSlotSinceGenesis): bigint {
  return timing === null ? balance : balance - minimumBalance(timing, slot);
}

function otherKey(scene: Scene, { publicKey }: Account): PublicKey {
  for (;;) {
    const other = drawAccount(scene).publicKey;
    if (other !== publicKey) return other;
  }
}

function stranger({ random, keys }: Scene): PublicKey {
  return random.pick(keys.strangers);
}
