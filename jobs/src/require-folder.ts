// Refuses a folder that is not there: what only reads would take it for an empty store.

import { stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@forklift/pipeline";
import { parseStoreUrl } from "@forklift/storage";

/** Of a bucket or a server nobody can tell. @throws ConfigError */
export async function requireFolder(storeUrl: string): Promise<void> {
  const url = parseStoreUrl(storeUrl);
  if (url.protocol !== "file:") return;
  const folder = fileURLToPath(url);
  const found = await stat(folder).catch(() => null);
  if (found?.isDirectory()) return;
  throw new ConfigError(`there is no folder ${folder}`, {
    hint: "check the path; the first run that writes into a folder makes it",
  });
}
