// The preset that describes the sample network, and a configuration that is ready to run on it.

import { encodeProtocolState } from "@forklift/ledger";
import { stringify } from "yaml";
import { NETWORK } from "./block-json.ts";
import type { Genesis } from "./genesis.ts";

export function presetText({ winner, state, stateHash }: Genesis): string {
  const preset = {
    name: NETWORK,
    genesis: {
      stateHash,
      winner: { publicKey: winner.publicKey, balance: `${winner.balance}` },
      protocolState: encodeProtocolState(state),
    },
  };
  return `# The sample network, made by forklift sample.\n\n${stringify(preset, { lineWidth: 0 })}`;
}

/** Paths are relative to the file's folder. */
export function configurationText(): string {
  const config = {
    network: "./network.yaml",
    genesisLedger: "./genesis-ledger.json",
    source: { dumps: "./dumps/" },
    target: { store: "./store/" },
    blocks: ["./blocks/"],
  };
  return `# Ready to run: forklift prime --config forklift.yaml\n\n${stringify(config)}`;
}
