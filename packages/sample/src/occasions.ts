// The cases that the sample's blocks must contain. Every cycle of blocks goes through the whole
// list, in an order that the seed decides, so that a short sample shows everything and a long one
// shows it often.

import type { CommandKind } from "./commands.ts";
import type { Random } from "./random.ts";

export interface Occasion {
  /** Commands that the block holds beside those that chance gives it. */
  readonly commands?: readonly CommandKind[];
  /** No commands that chance would give, and no works. */
  readonly isQuiet?: boolean;
  /** 1 unless said otherwise. */
  readonly coinbaseParts?: 0 | 1 | 2;
  /** Works that the coinbase pays for. */
  readonly coinbaseTransfers?: 0 | 1 | 2;
  /** What opens an account that was not there. */
  readonly opensBy?: "coinbase" | "fee_transfer" | "fee_transfer_via_coinbase";
  /** Works that the fees pay for, if there is enough; otherwise chance decides. */
  readonly works?: number;
  /** The coinbase receiver has done work, too, and is not paid for it. */
  readonly hasOwnWork?: boolean;
  /** The coinbase stands in one of two pre-diffs. */
  readonly hasSecondPreDiff?: boolean;
  /** A long stretch of empty slots goes before the block. */
  readonly afterSilence?: boolean;
  /** Length of a rival branch that begins at the block's height. */
  readonly fork?: 1 | 2;
}

const ORDINARY: Occasion = {};

const OCCASIONS: readonly Occasion[] = [
  ORDINARY,
  ORDINARY,
  ORDINARY,
  ORDINARY,
  { commands: ["opening_payment"] },
  { opensBy: "coinbase" },
  { opensBy: "fee_transfer", commands: ["generous_payment"] },
  { opensBy: "fee_transfer_via_coinbase", coinbaseTransfers: 1 },
  { coinbaseTransfers: 1 },
  { coinbaseParts: 2 },
  { coinbaseParts: 2, coinbaseTransfers: 1 },
  { coinbaseParts: 2, coinbaseTransfers: 2 },
  { hasSecondPreDiff: true },
  { isQuiet: true, coinbaseParts: 0 },
  { isQuiet: true },
  { works: 6, commands: ["generous_payment"] },
  { hasOwnWork: true, coinbaseTransfers: 1 },
  { commands: ["delegation_to_nobody", "too_small_payment", "foreign_payment"] },
  { commands: ["self_payment", "delegation", "expiring_payment"] },
  { commands: ["vested_payment"] },
  { afterSilence: true },
  { fork: 1 },
  { fork: 1, commands: ["payment"] },
  { fork: 2 },
];

/** One occasion a height, for ever. */
export function* occasions(random: Random): Generator<Occasion, never> {
  for (;;) yield* random.shuffled(OCCASIONS);
}
