// Limits how far V8's heap grows between two garbage collections: to one and a half times the live
// data. Every forklift process calls it at its start.
//
// By default V8 lets the heap of a long run grow to four times the live data, in each thread. A
// migration of 50,000 blocks then has 630 MB at its peak, instead of 390 in much the same time.

import { setFlagsFromString } from "node:v8";

const GROWTH_PERCENT = 50;

/** To be called before the work begins. */
export function limitHeapGrowth(): void {
  setFlagsFromString(`--heap-growing-percent=${GROWTH_PERCENT}`);
}
