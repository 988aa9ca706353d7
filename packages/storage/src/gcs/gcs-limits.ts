// The bounds of our dealings with Google Cloud Storage.

import { HTTP_LIMITS, type HttpLimits } from "../http/http-client.ts";

export interface GcsLimits {
  readonly http: HttpLimits;
  /** A multiple of 256 KiB, as the service demands. */
  readonly chunkBytes: number;
  /** From the beginning of a chunk to the answer. */
  readonly chunkTimeoutMs: number;
  /** Objects that one answer lists. */
  readonly pageObjectsMax: number;
}

export const GCS_LIMITS: GcsLimits = {
  http: HTTP_LIMITS,
  // A stream cannot be read again, so a chunk stays in memory until the service has it. 8 MiB is
  // what an upload costs us at most, and large enough that waiting for each answer costs little.
  chunkBytes: 8 * 1024 * 1024,
  // 8 MiB at half a megabit a second.
  chunkTimeoutMs: 120_000,
  // The service's own limit.
  pageObjectsMax: 1000,
};
