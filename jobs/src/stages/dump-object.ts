// Resolves the dump that an operator names: an object of a store, or a local folder.

import { stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { readDumpFolder } from "@forklift/postgres";
import { localPathOf, openStore, splitObjectUrl } from "@forklift/storage";
import type { DumpObject } from "./restore-object.ts";

export async function dumpObject(text: string): Promise<DumpObject> {
  const local = localPathOf(text);
  const folder = local === null ? null : path.resolve(local);
  const found = folder === null ? undefined : await stat(folder).catch(() => undefined);
  if (folder === null || found?.isDirectory() !== true) return splitObjectUrl(text);
  return {
    store: openStore(pathToFileURL(`${path.dirname(folder)}/`).href),
    name: path.basename(folder),
    bytes: readDumpFolder(folder),
  };
}
