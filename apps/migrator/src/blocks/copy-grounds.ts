// What the commands of each block that is copied are to rest on besides one file.

import { type BlockGrounds, drawGrounds } from "@forklift/precomputed";
import type { MigratorContext } from "../context.ts";

/** For one block after the other. */
export function groundsToDraw({
  copyGrounds,
  network,
  source,
}: Pick<MigratorContext, "copyGrounds" | "network" | "source">): () => BlockGrounds {
  if (copyGrounds === undefined) return () => ({});
  const { signatureKind } = network;
  return drawGrounds(copyGrounds, { signatureKind, hasArchive: source !== null });
}
