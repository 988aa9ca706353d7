// What the sample network begins with: its ledger and its first block.

import { minaOfNanomina, type StateHash } from "@forklift/chain";
import {
  type Account,
  encodeTiming,
  hashProtocolState,
  Ledger,
  newAccount,
  type ProtocolState,
} from "@forklift/ledger";
import { GENESIS_TIMESTAMP } from "./calendar.ts";
import { createGenesisAccounts } from "./genesis-accounts.ts";
import { createGenesisState } from "./genesis-state.ts";
import type { Random } from "./random.ts";
import type { Wallet } from "./wallet.ts";

/** Nanomina. The account in front of the listed ones holds as little as mainnet's. */
const WINNER_BALANCE = 1_000n;

export interface Genesis {
  readonly winner: Account;
  /** In ledger order, the winner first. */
  readonly accounts: readonly Account[];
  /** Grows with the chain. */
  readonly ledger: Ledger;
  readonly state: ProtocolState;
  readonly stateHash: StateHash;
}

export interface GenesisOptions {
  readonly accounts: number;
  readonly finality: number;
  readonly endSlot: number;
}

export function createGenesis(
  random: Random,
  wallet: Wallet,
  { accounts: count, finality, endSlot }: GenesisOptions,
): Genesis {
  const winner = newAccount(wallet.newKey(), WINNER_BALANCE);
  const accounts = [winner, ...createGenesisAccounts(random, wallet, { count, endSlot })];
  const ledger = new Ledger(accounts);
  const state = createGenesisState(random, {
    winner: winner.publicKey,
    ledgerHash: ledger.ledgerHash(),
    totalCurrency: accounts.reduce((sum, { balance }) => sum + balance, 0n),
    finality,
  });
  return { winner, accounts, ledger, state, stateHash: hashProtocolState(state) };
}

/** The runtime configuration of a daemon. The winner is not listed; readers put it in front. */
export function genesisLedgerJson({ accounts }: Genesis): object {
  const timestamp = new Date(Number(GENESIS_TIMESTAMP)).toISOString().replace(".000Z", "Z");
  return {
    genesis: { genesis_state_timestamp: timestamp },
    ledger: { name: "sample", accounts: accounts.slice(1).map(accountJson) },
  };
}

function accountJson({ publicKey, balance, delegate, timing }: Account): object {
  return {
    pk: publicKey,
    balance: minaOfNanomina(balance),
    ...(delegate === publicKey ? {} : { delegate }),
    ...(timing === null ? {} : { timing: encodeTiming(timing) }),
  };
}
