// Refuses a missing local folder, which a reader would take for an empty store.

import { stat } from "node:fs/promises";
import { ConfigError } from "@forklift/pipeline";
import { localPathOf } from "./store-url.ts";

/** Buckets and servers are not checked. @throws ConfigError */
export async function requireFolder(storeUrl: string): Promise<void> {
  const folder = localPathOf(storeUrl);
  if (folder === null) return;
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  throw new ConfigError(`there is no folder ${folder}`, {
    hint: "check the path; the first run that writes into a folder makes it",
  });
}
