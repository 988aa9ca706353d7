// Which dump an operator names: an object of a store, or a folder of this machine.

import { stat } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readDumpFolder } from "@forklift/postgres";
import { openStore, parseStoreUrl, splitObjectUrl } from "@forklift/storage";
import type { DumpObject } from "./restore-object.ts";

export async function dumpObject(text: string): Promise<DumpObject> {
  const url = parseStoreUrl(text);
  const folder = url.protocol === "file:" ? path.resolve(fileURLToPath(url)) : null;
  const found = folder === null ? undefined : await stat(folder).catch(() => undefined);
  if (folder === null || found?.isDirectory() !== true) return splitObjectUrl(text);
  return {
    store: openStore(pathToFileURL(`${path.dirname(folder)}/`).href),
    name: path.basename(folder),
    bytes: readDumpFolder(folder),
  };
}
