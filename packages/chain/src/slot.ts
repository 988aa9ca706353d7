// Slots: the network's clock. Two counters, two types.

import { parseUnsigned, UINT32_MAX } from "./integer.ts";

declare const unit: unique symbol;

/** A slot counted from the first genesis of the network; it never restarts at a hard fork. */
export type GlobalSlotSinceGenesis = bigint & { readonly [unit]: "slot since genesis" };

/** A slot counted from the latest hard fork; it restarts at zero. */
export type GlobalSlotSinceHardFork = bigint & { readonly [unit]: "slot since hard fork" };

/** @throws FormatError unless the text is an unsigned 32-bit decimal. */
export function parseGlobalSlotSinceGenesis(text: string): GlobalSlotSinceGenesis {
  return parseUnsigned(text, UINT32_MAX) as GlobalSlotSinceGenesis;
}

/** @throws FormatError unless the text is an unsigned 32-bit decimal. */
export function parseGlobalSlotSinceHardFork(text: string): GlobalSlotSinceHardFork {
  return parseUnsigned(text, UINT32_MAX) as GlobalSlotSinceHardFork;
}
