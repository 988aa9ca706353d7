// What the sample network begins with: its accounts, and the protocol state of height 1.

import {
  type LedgerHash,
  minaOfNanomina,
  NANOMINA_PER_MINA,
  type PublicKey,
  type StateHash,
} from "@forklift/chain";
import {
  type Account,
  type EpochData,
  hashProtocolState,
  Ledger,
  newAccount,
  type ProtocolState,
  type Timing,
  ZERO_STATE_HASH,
} from "@forklift/ledger";
import { GENESIS_TIMESTAMP } from "./calendar.ts";
import {
  FULL_WINDOWS,
  SLOTS_PER_EPOCH,
  SLOTS_PER_SUB_WINDOW,
  WINDOW_DENSITY,
} from "./consensus.ts";
import type { Random } from "./random.ts";
import {
  randomAuxHash,
  randomHash,
  randomPendingCoinbaseAux,
  randomPendingCoinbaseHash,
  randomPublicKey,
  randomVrfOutput,
} from "./random-texts.ts";

/** The account in front of the listed ones holds as little as mainnet's. */
const WINNER_BALANCE = 1_000n;

/** The first listed accounts: big, untimed, and what others delegate to. */
export const PRODUCERS = 15;

export interface Genesis {
  readonly winner: Account;
  /** In ledger order, the winner first. */
  readonly accounts: readonly Account[];
  readonly ledger: Ledger;
  readonly state: ProtocolState;
  readonly stateHash: StateHash;
}

export interface GenesisOptions {
  readonly accounts: number;
  readonly finality: number;
  /** The slot in which the sample ends; vesting schedules are spread over it. */
  readonly endSlot: number;
}

export function createGenesis(random: Random, options: GenesisOptions): Genesis {
  const winner = newAccount(randomPublicKey(random), WINNER_BALANCE);
  const keys = Array.from({ length: options.accounts }, () => randomPublicKey(random));
  const producers = keys.slice(0, PRODUCERS);
  const accounts = keys.map((key, index) =>
    index < PRODUCERS
      ? newAccount(key, BigInt(50_000 + random.below(500_000)) * NANOMINA_PER_MINA)
      : createAccount(random, { key, producers, endSlot: options.endSlot }),
  );
  const ledger = new Ledger([winner, ...accounts]);
  const state = createGenesisState(random, {
    winner: winner.publicKey,
    ledgerHash: ledger.ledgerHash(),
    totalCurrency: [winner, ...accounts].reduce((sum, { balance }) => sum + balance, 0n),
    finality: options.finality,
  });
  const stateHash = hashProtocolState(state);
  return { winner, accounts: [winner, ...accounts], ledger, state, stateHash };
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

interface GenesisStateOptions {
  readonly winner: PublicKey;
  readonly ledgerHash: LedgerHash;
  readonly totalCurrency: bigint;
  readonly finality: number;
}

/** As mainnet's: its parent and the genesis that it names are a state that never was. */
function createGenesisState(random: Random, options: GenesisStateOptions): ProtocolState {
  const { winner, ledgerHash, totalCurrency, finality } = options;
  const negativeOne = randomHash<StateHash>(random, "stateHash");
  const stakingEpochData: EpochData = {
    ledger: { hash: ledgerHash, totalCurrency },
    seed: randomHash(random, "epochSeed"),
    startCheckpoint: ZERO_STATE_HASH,
    lockCheckpoint: ZERO_STATE_HASH,
    epochLength: 1n,
  };
  return {
    previousStateHash: negativeOne,
    body: {
      genesisStateHash: negativeOne,
      blockchainState: {
        stagedLedgerHash: {
          nonSnark: {
            ledgerHash,
            auxHash: randomAuxHash(random),
            pendingCoinbaseAux: randomPendingCoinbaseAux(random),
          },
          pendingCoinbaseHash: randomPendingCoinbaseHash(random),
        },
        snarkedLedgerHash: ledgerHash,
        genesisLedgerHash: ledgerHash,
        // Token 1 is the only one there is.
        snarkedNextAvailableToken: 2n,
        timestamp: GENESIS_TIMESTAMP,
      },
      consensusState: {
        blockchainLength: 1n,
        epochCount: 0n,
        minWindowDensity: WINDOW_DENSITY,
        subWindowDensities: [1n, ...FULL_WINDOWS.slice(1)],
        lastVrfOutput: randomVrfOutput(random),
        totalCurrency,
        currGlobalSlot: { slotNumber: 0n, slotsPerEpoch: SLOTS_PER_EPOCH },
        globalSlotSinceGenesis: 0n,
        stakingEpochData,
        nextEpochData: {
          ...stakingEpochData,
          seed: randomHash(random, "epochSeed"),
          lockCheckpoint: negativeOne,
          epochLength: 2n,
        },
        hasAncestorInSameCheckpointWindow: true,
        blockStakeWinner: winner,
        blockCreator: winner,
        coinbaseReceiver: winner,
        superchargeCoinbase: true,
      },
      constants: {
        k: BigInt(finality),
        slotsPerEpoch: SLOTS_PER_EPOCH,
        slotsPerSubWindow: SLOTS_PER_SUB_WINDOW,
        delta: 0n,
        genesisStateTimestamp: GENESIS_TIMESTAMP,
      },
    },
  };
}

/** The runtime configuration of a daemon. The winner is not listed; readers put it in front. */
export function genesisLedgerJson({ accounts }: Genesis): object {
  return {
    genesis: { genesis_state_timestamp: new Date(Number(GENESIS_TIMESTAMP)).toISOString() },
    ledger: { name: "sample", accounts: accounts.slice(1).map(accountJson) },
  };
}

function accountJson({ publicKey, balance, delegate, timing }: Account): object {
  return {
    pk: publicKey,
    balance: minaOfNanomina(balance),
    ...(delegate === publicKey ? {} : { delegate }),
    ...(timing === null ? {} : { timing: timingJson(timing) }),
  };
}

function timingJson(timing: Timing): object {
  return {
    initial_minimum_balance: minaOfNanomina(timing.initialMinimumBalance),
    cliff_time: `${timing.cliffTime}`,
    cliff_amount: minaOfNanomina(timing.cliffAmount),
    vesting_period: `${timing.vestingPeriod}`,
    vesting_increment: minaOfNanomina(timing.vestingIncrement),
  };
}
