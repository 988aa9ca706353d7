// The one stage of `forklift restore`; a job restores the same way, from its own stores.

import { openReader, temporaryDatabase } from "@forklift/context";
import type { WholeStage } from "@forklift/pipeline";
import { maskUrl } from "@forklift/postgres";
import { maskUrl as maskStoreUrl, parseStoreUrl } from "@forklift/storage";
import { dumpObject } from "./dump-object.ts";
import { restoredRows, restoreObject } from "./restore-object.ts";

/** URLs, as an operator gives them. */
export interface RestoreDump {
  readonly dump: string;
  readonly db: string;
}

/** Both URLs without their secrets. */
export interface ShownRestore {
  readonly dump: string;
  readonly database: string;
}

export const restoreDumpStage: WholeStage<RestoreDump, ShownRestore> = {
  id: "restore",
  kind: "whole",

  async plan(options) {
    return shownRestore(options);
  },

  async run({ dump, db }, _plan, watch) {
    const object = await dumpObject(dump);
    await using _database = await temporaryDatabase(db);
    return (await restoreObject(db, object, watch)).result;
  },

  async verify({ db }) {
    await using reader = await openReader(db);
    return await restoredRows(reader);
  },
};

export function shownRestore({ dump, db }: RestoreDump): ShownRestore {
  return { dump: maskStoreUrl(parseStoreUrl(dump)), database: maskUrl(db) };
}
