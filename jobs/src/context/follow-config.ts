// What `follow` reads of a configuration, or of the options of `migrate --follow`, which has no store.

import { ConfigError } from "@forklift/pipeline";
import type { Config } from "../config/schema.ts";

export interface FollowConfig extends Omit<Config, "source" | "target"> {
  /** A living archive. */
  readonly source: { readonly database: string };
  readonly target: {
    readonly database: string;
    /** Null publishes nothing, and keeps no record of the run. */
    readonly store: string | null;
  };
}

/** @throws ConfigError when it names no living source, or no target that outlives the run. */
export function followConfigOf(config: Config): FollowConfig {
  const { source, target } = config;
  if (source.database === undefined) {
    throw new ConfigError("the configuration names no living archive to follow", {
      hint: "set source.database to its URL, in place of source.dumps or source.blocks",
    });
  }
  if (target.database === undefined) {
    throw new ConfigError("the configuration names no target that follows the source", {
      hint: "set target.database to the URL of a database, which need not exist yet",
    });
  }
  const { store, database } = target;
  return { ...config, source: { database: source.database }, target: { store, database } };
}
