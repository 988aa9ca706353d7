// Which statements of a dump are run in a database that exists already and belongs to us.

/** `run` it, `skip` it silently, or refuse the dump because of it. */
export type RestoreRule = "run" | "skip" | { readonly refuse: string };

const SKIPPED: readonly RegExp[] = [
  // The database is made and configured by us, not by the dump.
  /^(?:create|alter|drop)\s+database\b/i,
  // These name roles of the source server, which need not exist here.
  /^alter\s(?:"[^"]*"|[^"'])*?\sowner\s+to\s/i,
  /^(?:grant|revoke)\s/i,
  /^alter\s+default\s+privileges\b/i,
  /^set\s+(?:session\s+authorization|role)\b/i,
  // Schema public is there from the start, and what belongs to others only they may comment on.
  /^create\s+schema\s+(?:if\s+not\s+exists\s+)?"?public"?\s*;/i,
  /^comment\s+on\s+(?:database|extension|schema\s+public)\b/i,
];

const SET_SETTING = /^set\s+(?:session\s+|local\s+)?([a-z_][a-z0-9_]*)\s*(?:=|to\s)\s*'?([^';]*)/i;

const OUR_ENCODINGS = new Set(["utf8", "utf-8", "unicode", "sql_ascii"]);

/** @param knownSettings lower-case names of the server's settings. */
export function ruleFor(statement: string, knownSettings: ReadonlySet<string>): RestoreRule {
  if (SKIPPED.some((pattern) => pattern.test(statement))) return "skip";
  const [, setting, value = ""] = SET_SETTING.exec(statement) ?? [];
  if (setting === undefined) return "run";
  // Statements are sent as UTF-8, so the text of another encoding would arrive wrong.
  if (setting.toLowerCase() === "client_encoding" && !OUR_ENCODINGS.has(value.toLowerCase())) {
    return { refuse: `the dump is encoded in ${value}, expected UTF8` };
  }
  // A newer pg_dump sets what an older server has never heard of, such as transaction_timeout.
  return knownSettings.has(setting.toLowerCase()) ? "run" : "skip";
}
