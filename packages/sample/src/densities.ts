// The density of the chain: blocks counted in a window of eleven sub-windows, by the protocol's
// rules. The protocol spares the first days of a network; the sample has no such grace.

import type { ConsensusState } from "@forklift/ledger";

/** Slots. */
export const SLOTS_PER_SUB_WINDOW = 7n;
const SUB_WINDOWS = 11n;

/** A network begins as if every slot before it had had a block, but for its first sub-window. */
export const GENESIS_DENSITIES: readonly bigint[] = [1n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n, 7n];
export const GENESIS_WINDOW_DENSITY = SLOTS_PER_SUB_WINDOW * SUB_WINDOWS;

/**
 * Blocks in each of the eleven sub-windows that end with this slot, and the least sum that a window
 * has had. A window is judged when the next sub-window begins, by the eleven before that one.
 */
export function nextDensities(
  before: Pick<
    ConsensusState,
    "subWindowDensities" | "minWindowDensity" | "globalSlotSinceGenesis"
  >,
  slot: bigint,
): { readonly densities: readonly bigint[]; readonly minimum: bigint } {
  const oldWindow = before.globalSlotSinceGenesis / SLOTS_PER_SUB_WINDOW;
  const window = slot / SLOTS_PER_SUB_WINDOW;
  const passed = window - oldWindow;
  const known = before.minWindowDensity;
  const place = Number(window % SUB_WINDOWS);
  if (passed === 0n) {
    return { densities: incremented(before.subWindowDensities, place), minimum: known };
  }
  // The sub-windows between the old one and the new one had no block.
  const judged = before.subWindowDensities.map((density, index) => {
    const distance = (((BigInt(index) - oldWindow - 1n) % SUB_WINDOWS) + SUB_WINDOWS) % SUB_WINDOWS;
    return distance + 1n < passed ? 0n : density;
  });
  const sum = judged.reduce((total, density) => total + density, 0n);
  const densities = incremented(judged.with(place, 0n), place);
  return { densities, minimum: sum < known ? sum : known };
}

function incremented(densities: readonly bigint[], place: number): readonly bigint[] {
  return densities.with(place, densities[place]! + 1n);
}
