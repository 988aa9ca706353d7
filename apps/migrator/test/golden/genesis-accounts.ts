// The accounts of the mainnet genesis ledger, by ledger index, as the genesis block leaves them.

import { readFileSync } from "node:fs";
import { MAINNET, sharedPath } from "@forklift/testkit";

export interface Timing {
  readonly initialMinimumBalance: string;
  readonly cliffTime: string;
  readonly cliffAmount: string;
  readonly vestingPeriod: string;
  readonly vestingIncrement: string;
}

export interface GenesisAccount {
  readonly publicKey: string;
  /** Nanomina, like the amounts of the timing. */
  readonly balance: string;
  readonly delegate: string;
  readonly timing: Timing;
}

/** Holds a thousand nanomina at index 0, before the accounts of the list. */
const WINNER = "B62qiy32p8kAKnny8ZFwoMhYpBppM1DWVCqAPBYNcXnsAHhnfAAuXgg";

const UNTIMED: Timing = {
  initialMinimumBalance: "0",
  cliffTime: "0",
  cliffAmount: "0",
  vestingPeriod: "0",
  vestingIncrement: "0",
};

interface AccountJson {
  readonly pk: string;
  readonly balance: string;
  readonly delegate?: string;
  readonly timing?: {
    readonly initial_minimum_balance: string;
    readonly cliff_time: string;
    readonly cliff_amount: string;
    readonly vesting_period: string;
    readonly vesting_increment: string;
  };
}

export function readGenesisAccounts(): readonly GenesisAccount[] {
  const file = sharedPath(`data/mainnet/${MAINNET.genesisLedger}`);
  const { ledger } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly ledger: { readonly accounts: readonly AccountJson[] };
  };
  const winner = { publicKey: WINNER, balance: "1000", delegate: WINNER, timing: UNTIMED };
  return [winner, ...ledger.accounts.map(accountOf)];
}

function accountOf({ pk, balance, delegate, timing }: AccountJson): GenesisAccount {
  return {
    publicKey: pk,
    balance: nanomina(balance),
    delegate: delegate ?? pk,
    timing:
      timing === undefined
        ? UNTIMED
        : {
            initialMinimumBalance: nanomina(timing.initial_minimum_balance),
            cliffTime: timing.cliff_time,
            cliffAmount: nanomina(timing.cliff_amount),
            vestingPeriod: timing.vesting_period,
            vestingIncrement: nanomina(timing.vesting_increment),
          },
  };
}

/** "148837.2" are 148837200000000 nanomina. */
function nanomina(mina: string): string {
  const [whole = "", fraction = ""] = mina.split(".");
  if (fraction.length > 9) throw new Error(`${mina} MINA is no whole number of nanomina`);
  return String(BigInt(whole + fraction.padEnd(9, "0")));
}
