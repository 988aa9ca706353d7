// The chain that ends in a given block, as the dump and the precomputed blocks have it.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { MAINNET, sharedPath } from "@forklift/testkit";
import type { DumpRow } from "./dump-tables.ts";

export interface EpochJson {
  readonly seed: string;
  readonly ledger: { readonly hash: string; readonly total_currency: string };
  readonly start_checkpoint: string;
  readonly lock_checkpoint: string;
  readonly epoch_length: string;
}

/** The part of a precomputed block that a migration reads. Numbers are decimal texts. */
export interface BodyJson {
  readonly blockchain_state: { readonly snarked_ledger_hash: string };
  readonly consensus_state: {
    readonly block_creator: string;
    readonly block_stake_winner: string;
    readonly last_vrf_output: string;
    readonly min_window_density: string;
    readonly sub_window_densities: readonly string[];
    readonly total_currency: string;
    readonly staking_epoch_data: EpochJson;
    readonly next_epoch_data: EpochJson;
  };
}

export interface ChainBlock {
  /** Of the dump's table blocks. */
  readonly row: DumpRow;
  readonly body: BodyJson;
}

/** The block with that state hash and all its ancestors, genesis first. */
export function readChain(rows: readonly DumpRow[], tip: string): readonly ChainBlock[] {
  const ancestors: DumpRow[] = [];
  for (let stateHash: string | null = tip; ; ) {
    const row = rows.find((candidate) => candidate["state_hash"] === stateHash);
    if (row === undefined) throw new Error(`the dump has no block ${stateHash}`);
    ancestors.unshift(row);
    if (row["height"] === "1") break;
    stateHash = row["parent_hash"]!;
  }
  const bodies = readBodies(ancestors.map(fileNameOf));
  return ancestors.map((row, index) => ({ row, body: bodies[index]! }));
}

function fileNameOf(row: DumpRow): string {
  return `mainnet-${row["height"]}-${row["state_hash"]}.json`;
}

/** The first file is genesis, which lies beside the bundle. */
function readBodies([genesis, ...others]: readonly string[]): readonly BodyJson[] {
  const folder = mkdtempSync(path.join(tmpdir(), "forklift-golden-"));
  try {
    const list = path.join(folder, "names");
    writeFileSync(list, others.join("\n"));
    const bundle = sharedPath(`data/mainnet/${MAINNET.blocks}`);
    execFileSync("tar", ["-xzf", bundle, "-C", folder, "-T", list]);
    return [
      bodyOf(sharedPath(`data/mainnet/${genesis}`)),
      ...others.map((name) => bodyOf(path.join(folder, name))),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function bodyOf(file: string): BodyJson {
  const block = JSON.parse(readFileSync(file, "utf8")) as {
    readonly protocol_state: { readonly body: BodyJson };
  };
  return block.protocol_state.body;
}
