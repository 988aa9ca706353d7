// Grows the canonical chain block after block, with the rival branches that lose against it.

import type { GlobalSlotSinceGenesis } from "@forklift/chain";
import type { Clock, Period } from "./calendar.ts";
import { type Context, composeBlock, type SampleBlock } from "./compose-block.ts";
import type { Tip } from "./consensus.ts";
import type { Genesis } from "./genesis.ts";
import type { Occasion } from "./occasions.ts";

/** One more height: the block that stays, and what was made beside it. */
export interface Growth {
  /** Parents first; of this height, and where a branch is longer, of the next ones. */
  readonly rivals: readonly SampleBlock[];
  readonly block: SampleBlock;
}

/** The length of the rival branch that begins at a height; 0 where there is none. */
export type ForkLength = (height: number) => number;

export interface Course {
  readonly clock: Clock;
  readonly periods: readonly Period[];
  readonly occasions: Generator<Occasion, never>;
  /** In place of the occasions' own forks. */
  readonly forkLength?: ForkLength;
}

export function* growChain(
  context: Context,
  genesis: Genesis,
  { clock, periods, occasions, forkLength }: Course,
): Generator<Growth> {
  let tip = genesisTip(genesis);
  let height = 1;
  for (const { lastHeight } of periods) {
    while (height < lastHeight) {
      height += 1;
      const occasion = occasions.next().value;
      const slot = clock.next(occasion.afterSilence === true);
      // At its midnight the chain has one highest block, not two.
      const fork = forkLength?.(height) ?? occasion.fork ?? 0;
      const length = Math.min(fork, lastHeight - height);
      const rivals = composeRivals(context, { parent: tip, slot, length });
      const composed = composeBlock(context, {
        parent: tip,
        slot,
        occasion,
        repeated: repeatedCommands(context, rivals),
      });
      tip = composed.tip;
      yield { rivals, block: composed.block };
    }
  }
}

function genesisTip({ state, stateHash, ledger }: Genesis): Tip {
  const supply = state.body.consensusState.totalCurrency;
  return {
    stateHash,
    state,
    genesisStateHash: stateHash,
    supply,
    unproven: { ledgerHash: ledger.ledgerHash(), supply },
  };
}

interface Rivalry {
  readonly parent: Tip;
  /** Of the canonical block. */
  readonly slot: GlobalSlotSinceGenesis;
  readonly length: number;
}

/** Leaves the ledger as it was. */
function composeRivals(context: Context, { parent, slot, length }: Rivalry): SampleBlock[] {
  const { random, ledger } = context;
  const order = { occasion: {}, repeated: [] };
  const rivals: SampleBlock[] = [];
  if (length === 0) return rivals;
  const fork = ledger.mark();
  let tip = parent;
  for (let step = 0n; step < length; step++) {
    const at = (slot + step) as GlobalSlotSinceGenesis;
    const branch = composeBlock(context, { ...order, parent: tip, slot: at });
    rivals.push(branch.block);
    tip = branch.tip;
  }
  ledger.rollBack(fork);
  if (length === 1 && random.oneIn(3)) {
    const sameFork = ledger.mark();
    rivals.push(composeBlock(context, { ...order, parent, slot }).block);
    ledger.rollBack(sameFork);
  }
  return rivals;
}

/** Commands reach every producer: some of a rival's first ones stand in the block that stays, too. */
function repeatedCommands({ random }: Context, [rival]: readonly SampleBlock[]) {
  const commands = rival?.diff[0].commands ?? [];
  return commands.slice(0, random.below(commands.length + 1));
}
