// A block in the form of a precomputed block file.
//
// The proof is missing, which some real files lack as well: nobody could make one without the keys.

import { blockFileName, fieldOfHash, hashText } from "@forklift/chain";
import {
  encodeProtocolState,
  encodeStagedLedgerDiff,
  type StagedLedgerDiff,
} from "@forklift/ledger";
import type { SampleBlock } from "./compose-block.ts";
import type { Genesis } from "./genesis.ts";
import type { Random } from "./random.ts";

export const NETWORK = "sample";

/** A producer publishes its block within the slot. */
const SCHEDULING_MS_MAX = 60_000;

/** Height 1 applies nothing: its ledger is the genesis ledger. */
const EMPTY_DIFF: StagedLedgerDiff = [
  { commands: [], completedWorks: [], coinbase: { parts: 0 }, internalCommandBalances: [] },
];

export interface BlockFile {
  readonly name: string;
  readonly text: string;
}

export function genesisBlockFile(random: Random, { state, stateHash }: Genesis): BlockFile {
  return blockFile(random, { height: 1n, state, stateHash, diff: EMPTY_DIFF });
}

export function blockFile(
  random: Random,
  { height, state, stateHash, diff }: Pick<SampleBlock, "height" | "state" | "stateHash" | "diff">,
): BlockFile {
  const { timestamp } = state.body.blockchainState;
  const json = {
    scheduled_time: `${timestamp + BigInt(random.below(SCHEDULING_MS_MAX))}`,
    protocol_state: encodeProtocolState(state),
    staged_ledger_diff: encodeStagedLedgerDiff(diff),
    // The parent's state hash, printed as if it were a ledger hash: a slip of the real files.
    delta_transition_chain_proof: [
      hashText("ledgerHash", fieldOfHash("stateHash", state.previousStateHash)),
      [],
    ],
  };
  return {
    name: blockFileName({ network: NETWORK, height, stateHash }),
    text: `${JSON.stringify(json)}\n`,
  };
}
