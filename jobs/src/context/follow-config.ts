// What `follow` reads of a configuration, or of the options of `migrate --follow`, which has no store.

import { ConfigError } from "@forklift/pipeline";
import type { Config } from "../config/schema.ts";
import { requireArchiveFor } from "./configured-inputs.ts";

export interface FollowConfig extends Omit<Config, "source" | "target"> {
  /** A living archive; null for block files to which others are added. */
  readonly source: { readonly database: string | null };
  readonly target: {
    readonly database: string;
    /** Null publishes nothing, and keeps no record of the run. */
    readonly store: string | null;
  };
}

/** @throws ConfigError when it names no source that lives, or no target that outlives the run. */
export function followConfigOf(config: Config): FollowConfig {
  const { source, target } = config;
  if (source.database === undefined && !source.blocks) {
    throw new ConfigError("the configuration names no living archive to follow", {
      hint: "set source.database to its URL, or source.blocks: true to follow block files, in place of source.dumps",
    });
  }
  requireArchiveFor(config);
  if (target.database === undefined) {
    throw new ConfigError("the configuration names no target that follows the source", {
      hint: "set target.database to the URL of a database, which need not exist yet",
    });
  }
  const { store, database } = target;
  return { ...config, source: { database: source.database ?? null }, target: { store, database } };
}
