// Which SNARK works a pre-diff buys, and how its coinbase is paid: never more than the fees allow.

import { NANOMINA_PER_MINA, type PublicKey } from "@forklift/chain";
import {
  ACCOUNT_CREATION_FEE,
  type CoinbaseParts,
  type CompletedWork,
  type SingleTransfer,
} from "@forklift/ledger";
import type { KeyRing } from "./key-ring.ts";
import type { Occasion } from "./occasions.ts";
import type { Random } from "./random.ts";

/** Nanomina. Most works cost nothing, as on mainnet. */
const WORK_FEES = [0n, 0n, 8n, 1_000_000n, 5_000_000n, 24_000_459n] as const;

/** What chance gives a pre-diff. */
const WORKS_MAX = 4;

export interface Shopping {
  readonly random: Random;
  readonly keys: KeyRing;
  readonly occasion: Occasion;
  readonly coinbaseReceiver: PublicKey;
  /** What the commands of the pre-diff pay in fees, in nanomina. */
  readonly budget: bigint;
  readonly coinbaseParts: 0 | 1 | 2;
}

export interface Bought {
  readonly completedWorks: readonly CompletedWork[];
  readonly coinbase: CoinbaseParts;
}

export function buyWorks(shopping: Shopping): Bought {
  const { random, occasion, coinbaseReceiver } = shopping;
  const transfers = coinbaseTransfers(shopping);
  const paidByCoinbase = transfers.map(({ receiver, fee }) => ({ prover: receiver, fee }));
  const own = occasion.hasOwnWork ? [{ prover: coinbaseReceiver, fee: NANOMINA_PER_MINA }] : [];
  const completedWorks = [...worksWithin(shopping), ...paidByCoinbase, ...own];
  return {
    completedWorks: random.shuffled(completedWorks),
    coinbase: coinbaseOfParts(shopping.coinbaseParts, transfers),
  };
}

/** Works that the fees pay for. */
function worksWithin(shopping: Shopping): CompletedWork[] {
  const { random, keys, occasion, budget, coinbaseReceiver } = shopping;
  const works: CompletedWork[] = [];
  let left = budget;
  const buy = (prover: PublicKey, fee: bigint) => {
    if (fee > left) return;
    works.push({ prover, fee });
    if (prover !== coinbaseReceiver) left -= fee;
  };
  if (occasion.opensBy === "fee_transfer") buy(keys.fresh(), openingFee(random));
  const chance = occasion.isQuiet ? 0 : random.below(WORKS_MAX + 1);
  const count = occasion.works ?? chance;
  // Many works go to as many provers, so that there are pairs of all sorts.
  const provers = random.shuffled(keys.provers);
  for (let work = 0; work < count; work++) {
    const isMany = occasion.works !== undefined;
    buy(provers[work % provers.length]!, isMany ? 1_000_000n : random.pick(WORK_FEES));
  }
  return works;
}

function coinbaseTransfers(shopping: Shopping): SingleTransfer[] {
  const { random, keys, occasion, coinbaseReceiver, coinbaseParts } = shopping;
  const count = Math.min(occasion.coinbaseTransfers ?? 0, coinbaseParts);
  const others = random.shuffled(keys.provers.filter((prover) => prover !== coinbaseReceiver));
  return Array.from({ length: count }, (_, index) => {
    if (occasion.hasOwnWork) return { receiver: coinbaseReceiver, fee: 5_000_000n };
    if (index === 0 && occasion.opensBy === "fee_transfer_via_coinbase") {
      return { receiver: keys.fresh(), fee: openingFee(random) };
    }
    return { receiver: others[index]!, fee: random.pick([8n, 1_000_000n, 24_000_459n]) };
  });
}

/** Enough for the creation fee; now and then nothing is left after it. */
function openingFee(random: Random): bigint {
  return ACCOUNT_CREATION_FEE + (random.oneIn(3) ? 0n : random.pick([1n, 250_000_000n]));
}

function coinbaseOfParts(
  parts: 0 | 1 | 2,
  [first, second]: readonly SingleTransfer[],
): CoinbaseParts {
  switch (parts) {
    case 0:
      return { parts };
    case 1:
      return { parts, feeTransfer: first ?? null };
    case 2:
      if (first === undefined) return { parts, feeTransfers: [] };
      return { parts, feeTransfers: second === undefined ? [first] : [first, second] };
  }
}
