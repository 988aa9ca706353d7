// The accounts that the sample network begins with: poor and rich, vesting and free.

import { NANOMINA_PER_MINA, type PublicKey } from "@forklift/chain";
import { type Account, newAccount, type Timing } from "@forklift/ledger";
import type { Random } from "./random.ts";
import type { Wallet } from "./wallet.ts";

/** The first accounts are rich and free, and others delegate to them. */
export const PRODUCERS = 15;

export interface GenesisAccountsOptions {
  readonly count: number;
  /** The slot in which the sample ends; vesting schedules are spread over it. */
  readonly endSlot: number;
}

export function createGenesisAccounts(
  random: Random,
  wallet: Wallet,
  { count, endSlot }: GenesisAccountsOptions,
): Account[] {
  const keys = Array.from({ length: count }, () => wallet.newKey());
  const producers = keys.slice(0, PRODUCERS);
  return keys.map((key, index) =>
    index < PRODUCERS
      ? newAccount(key, BigInt(50_000 + random.below(500_000)) * NANOMINA_PER_MINA)
      : createAccount(random, { key, producers, endSlot }),
  );
}

interface AccountTraits {
  readonly key: PublicKey;
  readonly producers: readonly PublicKey[];
  readonly endSlot: number;
}

function createAccount(random: Random, { key, producers, endSlot }: AccountTraits): Account {
  const account = newAccount(key, randomBalance(random));
  const delegate = random.oneIn(2) ? random.pick(producers) : key;
  const isTimed = random.oneIn(2);
  const timing = isTimed ? createTiming(random, account.balance, BigInt(endSlot)) : null;
  return { ...account, delegate, timing };
}

function randomBalance(random: Random): bigint {
  switch (random.below(12)) {
    case 0:
      return 0n;
    case 1:
      return random.bigBelow(NANOMINA_PER_MINA);
    case 2:
      return BigInt(1 + random.below(50)) * NANOMINA_PER_MINA + 1n;
    default:
      return random.bigBelow(20_000n * NANOMINA_PER_MINA) + 100n * NANOMINA_PER_MINA;
  }
}

/**
 * A schedule that steps until its end, one that ends at its cliff, or one that outlasts the sample.
 * Of the first two some end early, so that their accounts are seen to leave their vesting.
 */
function createTiming(random: Random, balance: bigint, endSlot: bigint): Timing {
  const initialMinimumBalance = random.oneIn(3) ? balance / 2n : balance;
  const cliffTime = 1n + random.bigBelow((endSlot * 2n) / 3n + 1n);
  switch (random.below(4)) {
    case 0:
      // Never within the sample, as most of mainnet's accounts in its first years.
      return {
        initialMinimumBalance,
        cliffTime: cliffTime + 10n * endSlot,
        cliffAmount: initialMinimumBalance,
        vestingPeriod: 1n,
        vestingIncrement: 0n,
      };
    case 1:
      return {
        initialMinimumBalance,
        cliffTime,
        cliffAmount: initialMinimumBalance,
        vestingPeriod: 1n,
        vestingIncrement: 0n,
      };
    default: {
      const steps = BigInt(2 + random.below(20));
      return {
        initialMinimumBalance,
        cliffTime: cliffTime / 2n,
        cliffAmount: initialMinimumBalance / 10n,
        vestingPeriod: 1n + random.bigBelow(endSlot / (3n * steps) + 1n),
        vestingIncrement: initialMinimumBalance / steps + 1n,
      };
    }
  }
}
