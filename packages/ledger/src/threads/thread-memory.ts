// How much memory a thread that hashes or encodes may keep for objects that have just been made.

import type { ResourceLimits } from "node:worker_threads";

/**
 * Such a thread works on bytes and makes few objects. V8 would let it gather 48 MB of them, and the bytes that they
 * hold besides, before it looks what of it is still needed.
 */
export const THREAD_MEMORY: ResourceLimits = { maxYoungGenerationSizeMb: 4 };
