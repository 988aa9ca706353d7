// The statements that put a part of a schema into place, and that take it away.

import { type CatalogPart, quoteIdentifier } from "@forklift/postgres";

/** Null for what is more than one statement: a column, a table, a type. */
export function statementFor({ table, object, text }: CatalogPart): string | null {
  if (object.startsWith("index ")) return text;
  const [, name] = /^(?:primary key|foreign key|unique key|check) (.*)$/.exec(object) ?? [];
  if (name === undefined) return null;
  return `ALTER TABLE ${quoteIdentifier(table)} ADD CONSTRAINT ${quoteIdentifier(name)} ${text}`;
}

/** Only for what holds no rows, else null. */
export function statementAgainst({ table, object }: CatalogPart): string | null {
  const [, kind, name] = /^(index|foreign key|unique key|check) (.*)$/.exec(object) ?? [];
  if (name === undefined) return null;
  return kind === "index"
    ? `DROP INDEX ${quoteIdentifier(name)}`
    : `ALTER TABLE ${quoteIdentifier(table)} DROP CONSTRAINT ${quoteIdentifier(name)}`;
}
