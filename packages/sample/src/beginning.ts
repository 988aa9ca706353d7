// What every sample begins with: its genesis, the files that describe it, and the chain that is to come.

import { genesisBlockFile } from "./block-json.ts";
import { createClock, type Period, planPeriods } from "./calendar.ts";
import { presetText } from "./configuration.ts";
import { createGenesis, type Genesis, genesisLedgerJson } from "./genesis.ts";
import { type ForkLength, type Growth, growChain } from "./grow-chain.ts";
import { createKeyRing } from "./key-ring.ts";
import { occasions } from "./occasions.ts";
import type { SampleOptions } from "./options.ts";
import { createRandom, type Random } from "./random.ts";
import { Wallet } from "./wallet.ts";

/** A file of the sample: its path in the sample's folder, and what stands in it. */
export interface SampleFile {
  readonly name: string;
  readonly text: string;
}

export interface Beginning {
  readonly random: Random;
  readonly genesis: Genesis;
  /** The preset, the genesis ledger and the block file of height 1. */
  readonly files: readonly SampleFile[];
  readonly periods: readonly Period[];
  /** Draws from `random`, as does whoever writes its blocks: in turn, so that a seed decides all bytes. */
  readonly chain: Generator<Growth, undefined>;
}

/** @param forkLength in place of the occasions, where it is given. */
export function beginSample(options: SampleOptions, forkLength?: ForkLength): Beginning {
  const random = createRandom(options.seed);
  const periods = planPeriods(options);
  const wallet = new Wallet(random);
  const genesis = createGenesis(random, wallet, { ...options, endSlot: periods.at(-1)!.endSlot });
  const first = genesisBlockFile(random, genesis);
  const context = {
    random,
    ledger: genesis.ledger,
    keys: createKeyRing(wallet, genesis),
    wallet,
    stakers: genesis.accounts.map(({ publicKey }) => publicKey),
    commandsPerBlock: options.commandsPerBlock,
  };
  const course = { clock: createClock(random, periods), occasions: occasions(random), periods };
  return {
    random,
    genesis,
    files: [
      { name: "network.yaml", text: presetText(genesis) },
      {
        name: "genesis-ledger.json",
        text: `${JSON.stringify(genesisLedgerJson(genesis), null, 2)}\n`,
      },
      { name: `blocks/${first.name}`, text: first.text },
    ],
    periods,
    chain: growChain(context, genesis, {
      ...course,
      ...(forkLength === undefined ? {} : { forkLength }),
    }),
  };
}
