// What stands at the beginning and the end of a plain dump, pg_dump's and ours alike.

/** The comment with which a dump says that it is whole. */
export const DUMP_END_MARK = "PostgreSQL database dump complete";

/** What pg_dump sets too, so that the reader's own settings cannot change what is read. */
const READER_SETTINGS = `SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', 'public', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
`;

/** @param remarks lines of comment, such as the version of the server. */
export function dumpHead(remarks: readonly string[] = []): string {
  const comments = remarks.map((remark) => `-- ${remark}\n`).join("");
  const separator = remarks.length > 0 ? "\n" : "";
  return `${comment("PostgreSQL database dump")}${comments}${separator}${READER_SETTINGS}`;
}

export function dumpEnd(): string {
  return comment(DUMP_END_MARK);
}

function comment(text: string): string {
  return `--\n-- ${text}\n--\n\n`;
}
