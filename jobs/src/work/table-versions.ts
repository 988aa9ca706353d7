// The versions of a target's tables as marks keep them: what was proven, and how far a walk has come.

import { FILLED_TABLES } from "@forklift/verifier";
import { z } from "zod";

const digits = z.string().regex(/^\d+$/);

/** A mark of an earlier forklift, which knew less of a table, is none. */
export const versionSchema = z.strictObject({
  last: z.int().nonnegative(),
  rows: digits,
  sum: digits,
  shape: z.string().regex(/^[0-9a-f]{32}$/),
});

export const versionsSchema = z.record(z.enum(FILLED_TABLES), versionSchema);
