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

/** How daemons since Berkeley mark the number of a slot, and of slots. */
const SLOT_TAGS: readonly unknown[] = ["Since_genesis", "Global_slot_span"];

/**
 * The number in a JSON value of a slot since genesis, or of a span of slots: `["Since_genesis", "5"]` is
 * "5". Any other value comes back as it is, for its reader to accept or refuse.
 */
export function untaggedSlot(json: unknown): unknown {
  const isTagged = Array.isArray(json) && json.length === 2 && SLOT_TAGS.includes(json[0]);
  return isTagged ? (json[1] as unknown) : json;
}

/** @throws FormatError unless the text is an unsigned 32-bit decimal. */
export function parseGlobalSlotSinceHardFork(text: string): GlobalSlotSinceHardFork {
  return parseUnsigned(text, UINT32_MAX) as GlobalSlotSinceHardFork;
}
