// The settings that every session runs under, whatever the URL, the role, the database or the server has
// as its default: they decide how the server reads our statements and prints its answers.

import { ConfigError } from "@forklift/pipeline";

/**
 * Where we want another value than PostgreSQL's own default.
 * - Names, texts and times are written in one way.
 * - A lock that another run or a dump holds is waited for half a minute, not for ever.
 * - A statement has no time limit: an index over a full archive takes its hours.
 * - Tables are those of schema `public`, which is what a dump holds, and no role's or database's others.
 * - A session may rest while the other side works, inside a transaction or not.
 * - A policy that would hide rows is an error.
 */
const OURS: Readonly<Record<string, string>> = {
  client_encoding: "UTF8",
  timezone_abbreviations: "Default",
  TimeZone: "UTC",
  search_path: "public",
  lock_timeout: "30s",
  row_security: "off",
};

/**
 * What an operator may choose, since it decides how fast a statement is and where its files lie, never
 * what it answers. Every other setting that a session may change has PostgreSQL's own default, those of
 * later releases too. A % stands for any ending.
 */
const OF_THE_OPERATOR: readonly string[] = [
  // Memory, disks and workers.
  "%work_mem",
  "hash_mem_multiplier",
  "temp_buffers",
  "effective_cache_size",
  "%_io_concurrency",
  "io_%_limit",
  "backend_flush_after",
  "max_parallel_%",
  "min_parallel_%",
  "parallel_%",
  "default_tablespace",
  "temp_tablespaces",
  "default_toast_compression",
  "synchronous_commit",
  "commit_siblings",
  "wal_%",
  "vacuum_%",
  "gin_pending_list_limit",
  // How a statement is planned.
  "enable_%",
  "geqo%",
  "jit%",
  "cpu_%",
  "%_page_cost",
  "%_collapse_limit",
  "constraint_exclusion",
  "cursor_tuple_fraction",
  "default_statistics_target",
  "plan_cache_mode",
  "recursive_worktable_factor",
  // Connections, and what the server writes to its log.
  "application_name",
  "client_connection_check_interval",
  "tcp_%",
  "log_%",
  "local_preload_libraries",
  // Whoever made a database or a role read-only meant that: a write ends with an error that says so.
  "default_transaction_read_only",
  // Of the transaction in which they are set.
  "transaction_isolation",
  "transaction_read_only",
  "transaction_deferrable",
  // Of extensions.
  "%.%",
];

/**
 * What only a superuser may change, and makes the server leave out rows that it cannot read, or keys that
 * rows should fit. Read-only sessions have no need of the last.
 */
const OF_A_SUPERUSER = {
  zero_damaged_pages: "off",
  ignore_checksum_failure: "off",
  session_replication_role: "origin",
} as const;

const READ_ONLY = { default_transaction_read_only: "on" } as const;

/** A setting that differed from what we want. */
export interface ChangedSetting {
  readonly name: string;
  readonly value: string;
  /** Only a superuser may change it; the others are changed by the query itself. */
  readonly isOfSuperuser: boolean;
}

/**
 * A query that gives every setting of the session its value, and answers with those that had another.
 * Names are those of pg_settings, since older servers do not know all of them.
 */
export function settingsQuery(isReadOnly: boolean): { sql: string; values: unknown[] } {
  const { session_replication_role: origin, ...ofReaders } = OF_A_SUPERUSER;
  const superuser = isReadOnly ? ofReaders : { ...ofReaders, session_replication_role: origin };
  return {
    sql: `select name, value, is_of_superuser as "isOfSuperuser",
                 case when not is_of_superuser then set_config(name, value, false) end as taken
          from (
            select name, setting, context <> 'user' as is_of_superuser,
                   coalesce($1::json ->> name, $2::json ->> name, boot_val) as value
            from pg_settings
            where (context = 'user' and ($1::json ->> name is not null or name not like all ($3::text[])))
               or $2::json ->> name is not null
          ) wanted
          where value is not null and setting is distinct from value`,
    values: [
      JSON.stringify(isReadOnly ? { ...OURS, ...READ_ONLY } : OURS),
      JSON.stringify(superuser),
      // An underscore is any character to LIKE.
      OF_THE_OPERATOR.map((pattern) => pattern.replaceAll("_", "\\_")),
    ],
  };
}

export function refusedSetting(
  { name, value }: ChangedSetting,
  { shown, cause }: { readonly shown: string; readonly cause: unknown },
): ConfigError {
  return new ConfigError(
    `PostgreSQL at ${shown} has ${name} at another value than ${value}, and the role may not change it`,
    {
      cause,
      hint: `let a superuser reset ${name} for the role, the database or the server`,
    },
  );
}
