// What `ALTER DATABASE … SET` has set, and the statements that set it again.

import { quoteIdentifier, quoteLiteral } from "@forklift/postgres";

export interface DatabaseSetting {
  /** For whom it holds in the database; null for every role. */
  readonly role: string | null;
  readonly name: string;
  /** As pg_db_role_setting keeps it. */
  readonly value: string;
}

/**
 * Settings that are lists of names. Their value is kept as a text that has the names quoted already: as one
 * literal it would be one name. They are those that pg_dump treats so; extensions can have none.
 */
const LISTS_OF_NAMES: ReadonlySet<string> = new Set([
  "local_preload_libraries",
  "search_path",
  "session_preload_libraries",
  "shared_preload_libraries",
  "temp_tablespaces",
  "unix_socket_directories",
]);

/** @param database as a statement names it, quoted. */
export function settingStatements(
  database: string,
  settings: readonly DatabaseSetting[],
): string[] {
  return settings.map(({ role, name, value }) => {
    const place =
      role === null
        ? `database ${database}`
        : `role ${quoteIdentifier(role)} in database ${database}`;
    return `alter ${place} set ${quoteIdentifier(name)} to ${valueText(name, value)};`;
  });
}

function valueText(name: string, value: string): string {
  if (!LISTS_OF_NAMES.has(name.toLowerCase())) return quoteLiteral(value);
  const names = namesIn(value);
  return names.length === 0 ? "''" : names.map(quoteLiteral).join(", ");
}

/** A list of names is parts between commas, each as it is or in double quotes. */
function namesIn(list: string): string[] {
  const parts = list.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^",]+))\s*(?:,|$)/g);
  return [...parts].map(([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain!.trim());
}
