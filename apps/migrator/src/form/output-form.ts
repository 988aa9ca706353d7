// The form of what we write where the official tool writes something else on purpose or by mistake:
// our own form by default, the official one on demand. docs/differences-from-official.md says why.

import type { MigratedBlock } from "@forklift/archive";

/** The columns of the genesis row that the official tool takes from a Berkeley daemon. */
export interface GenesisColumns
  extends Pick<
    MigratedBlock,
    "snarkedLedgerHash" | "lastVrfOutput" | "stakingEpochData" | "nextEpochData"
  > {}

/** What a Berkeley daemon computes for them. */
export type OfficialGenesis = GenesisColumns;

export interface OutputForm {
  /** Whether `last_vrf_output` above genesis is encoded a second time. */
  readonly isVrfOutputOfficial: boolean;
  /** Null keeps the values of protocol 1.x, which block 2 builds on. */
  readonly officialGenesis: OfficialGenesis | null;
}

export const OWN_FORM: OutputForm = { isVrfOutputOfficial: false, officialGenesis: null };

const GENESIS_HEIGHT = 1n;

export function inForm(block: MigratedBlock, form: OutputForm): MigratedBlock {
  // The official genesis row comes from a block in memory, so its VRF output is encoded once.
  if (block.height === GENESIS_HEIGHT) return { ...block, ...form.officialGenesis };
  if (!form.isVrfOutputOfficial) return block;
  return { ...block, lastVrfOutput: officialVrfOutput(block.lastVrfOutput) };
}

/**
 * The official tool takes the text of the precomputed block, which is base64, for raw bytes, and
 * encodes it again: 44 characters become 60.
 */
export function officialVrfOutput(text: string): string {
  const encoded = Buffer.from(text, "ascii").toString("base64");
  return encoded.replaceAll("+", "-").replaceAll("/", "_");
}
