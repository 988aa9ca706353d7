// A value that is not the default for every setting that a role or a database may have.

import type { Session } from "@forklift/postgres";

/** A setting that every session may change, and a value that is not its default. */
export interface OtherSetting {
  readonly name: string;
  readonly value: string;
}

interface Row {
  readonly name: string;
  readonly vartype: "bool" | "enum" | "integer" | "real" | "string";
  readonly setting: string;
  readonly unit: string | null;
  readonly min_val: string;
  readonly max_val: string;
  readonly enumvals: string[] | null;
}

const OTHER_METHOD = "other_heap";

/** Of settings that are texts. */
const TEXTS: Readonly<Record<string, string>> = {
  DateStyle: "SQL, DMY",
  TimeZone: "Asia/Kathmandu",
  application_name: "somebody",
  client_encoding: "LATIN1",
  default_table_access_method: OTHER_METHOD,
  default_tablespace: "pg_default",
  default_text_search_config: "pg_catalog.german",
  lc_messages: "C.UTF-8",
  lc_monetary: "C.UTF-8",
  lc_numeric: "C.UTF-8",
  lc_time: "C.UTF-8",
  restrict_nonsystem_relation_kind: "view, foreign-table",
  search_path: "astray, pg_catalog",
  temp_tablespaces: "pg_default",
  timezone_abbreviations: "India",
  createrole_self_grant: "set, inherit",
};

/** What no session of ours has in hand. */
const NOT_OURS = new Set([
  // Whoever set it meant it: a write is refused, with what to switch off.
  "default_transaction_read_only",
  // Names files of the server, which it reads before it lets anybody in.
  "local_preload_libraries",
  // Of one transaction; PostgreSQL has no such default.
  "transaction_isolation",
  "transaction_read_only",
  "transaction_deferrable",
]);

/** Long enough to be let in on a busy machine, and too short for any work. */
export const OTHER_TIMEOUT_MS = 1_000;

/** Which of them a server has depends on its release. */
const TIMEOUT = /^(statement|lock|transaction|idle_session|idle_in_transaction_session)_timeout$/;

function otherValue({ name, vartype, setting, min_val, max_val, enumvals }: Row): string {
  switch (vartype) {
    case "bool":
      return setting === "on" ? "off" : "on";
    case "enum":
      return enumvals!.find((value) => value !== setting)!;
    case "integer":
    case "real": {
      if (TIMEOUT.test(name)) return `${OTHER_TIMEOUT_MS}`;
      const doubled = Number(setting) * 2 + 1;
      return `${doubled <= Number(max_val) ? doubled : min_val}`;
    }
    case "string":
      return TEXTS[name] ?? `no value for ${name}`;
  }
}

/** Every one that the server knows. The session's database gets the access method that one of them names. */
export async function otherSettings(session: Session): Promise<OtherSetting[]> {
  await session.query(
    `create access method ${OTHER_METHOD} type table handler heap_tableam_handler`,
  );
  const rows = await session.query<Row>(
    "select * from pg_settings where context = 'user' and name not like '%.%' order by name",
  );
  return rows
    .filter(({ name }) => !NOT_OURS.has(name))
    .map((row) => ({ name: row.name, value: otherValue(row) }));
}

/** @param what such as `role somebody` or `database archive`. */
export function alterStatements(what: string, settings: readonly OtherSetting[]): string {
  return settings
    .map(({ name, value }) => `alter ${what} set ${name} = ${quoted(value)}`)
    .join("; ");
}

/** A list takes each of its names apart. */
const quoted = (value: string) =>
  value
    .split(", ")
    .map((part) => `'${part}'`)
    .join(", ");
